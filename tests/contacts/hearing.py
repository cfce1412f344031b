"""Lets contacts hear what services announce, without the bus."""

from functools import partial

from tests import hearing

hear = partial(hearing.hear, by="contacts")
react = partial(hearing.react, by="contacts")
