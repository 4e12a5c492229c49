"""``python -m kernel_providers_ext`` is ``jupyter kernel-providers``."""

from .cli import main

main()
