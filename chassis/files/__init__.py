"""Files: kept once by their content (SHA-256), streamed in and out, and gone when nothing names them any more.

A service that takes files has a noun of its own that inherits from `File`, and the rpcs that `file_rpcs` answers. Where the
bytes lie is a setting: in GridFS beside the records, or in a bucket that speaks S3.
"""

from chassis.files.door import bytes_of, file_rpcs
from chassis.files.file import File, FileInfected, FileQuotaReached, FileTooLarge
from chassis.files.purge import purging
from chassis.files.settings import FileSettings

__all__ = [
    "File", "FileInfected", "FileQuotaReached", "FileSettings", "FileTooLarge", "bytes_of", "file_rpcs", "purging",
]  # fmt: skip
