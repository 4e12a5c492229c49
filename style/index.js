import './base.css';
import './details.css';
import './launcher.css';
