"""Lets support hear what services announce, without the bus."""

from functools import partial

from tests import hearing

hear = partial(hearing.hear, by="support")
