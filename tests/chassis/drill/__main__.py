"""A process of the drill service, to be killed."""

import tests.chassis.drill  # noqa: F401  makes the contract

if __name__ == "__main__":
    from crm.drill.v1 import service_pb2

    from chassis import run
    from chassis.files import FileSettings
    from tests.chassis.drill.rehearsal import COMPANIONS, Drill, Recording

    run(service_pb2, Drill(), settings=FileSettings, prepare=Recording.prepare, companions=COMPANIONS)
