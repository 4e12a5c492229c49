import './base.css';
import './details.css';
import './launcher.css';
import './kernelname.css';
import './picker.css';
import './missing.css';
import './statusitem.css';
