"""The CRC-32 of zip archives: the extension's, or zlib's, which takes three times as long."""

from __future__ import annotations

import zlib

from ..kernels.seam import native

crc32 = zlib.crc32 if native is None else native.crc32
