"""A test double of AWS over real HTTP: seeded answers are replayed, faults are played, moto answers the rest.

`server.Aws` is the whole of it; the fixture `aws` of conftest hands it out.  Nothing is imported here, so that tests
that need no AWS do not wait for moto.
"""
