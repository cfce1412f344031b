"""Real people and companies, and the corpora of hard cases, brought in over the public API."""
