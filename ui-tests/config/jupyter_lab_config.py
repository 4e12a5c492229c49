"""Give Galata what it needs: its helper extension, and the application object.

``jupyterlab.galata.configure_jupyter_server`` would do more: it disables authentication and
fixes the port.
"""

import jupyterlab.galata

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.LabServerApp.extra_labextensions_path = [*jupyterlab.galata.__path__]
c.LabApp.expose_app_in_browser = True
