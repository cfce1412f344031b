"""The verbs of jobs as rpc methods, once for every kind."""

from typing import Any

from chassis.jobs.job import Job

VERBS = ("pause", "resume", "cancel", "revert")


def job_verbs(*nouns: type[Job]) -> type:
    """A class with the rpc methods `Pause…`, `Resume…`, `Cancel…`, `Revert…` of every noun: a mixin as `standard` is."""
    methods = {f"{verb.capitalize()}{noun.about().name}": _method(noun, verb) for noun in nouns for verb in VERBS}
    return type("JobVerbs", (), methods)


def _method(noun: type[Job], verb: str) -> Any:
    def answer(self: Any, request: Any, context: Any) -> Any:  # noqa: ARG001  an rpc's signature
        with noun.change(request) as job:
            getattr(job, verb)()
        return job.message()

    return answer
