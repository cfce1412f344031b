"""Makes the next of what a job's steps need while the one before is being written.

Writing is waiting for the database, and meanwhile the next rows of a file can be read and checked. What is looked up in the
database is not made ahead: a transaction finds what is changed under its hands only from where it began.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

Item = TypeVar("Item")


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The items in their order, each made in a thread of its own while the caller is busy with the one before it.

    They are made as the caller's principal and call. What making one raises is raised where it would have come.
    """
    source, end = iter(items), object()
    with ThreadPoolExecutor(1, "ahead") as thread:

        def begin() -> Future[Any]:
            return thread.submit(copy_context().run, lambda: next(source, end))

        making = begin()
        while (item := making.result()) is not end:
            making = begin()
            yield item
