from __future__ import annotations

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # Imports allocate many objects and free few: the entry points turn collection on again once everything is set up.
    gc.disable()
