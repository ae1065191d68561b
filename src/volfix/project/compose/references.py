"""The variables that a text refers to, whatever their values."""

from __future__ import annotations

import re

from volfix.project.compose.interpolation import NAME

REFERENCE = re.compile(rf"\$\{{?({NAME})")
"""A reference to a variable; finds those inside defaults too."""
