"""The door of the suite: REST outside, gRPC inside. It keeps no records and reads from the contract what it knows."""
