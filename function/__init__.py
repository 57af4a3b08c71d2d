from __future__ import annotations

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # Importing makes much and frees little: the entry points turn it on again when all stands.
    gc.disable()
