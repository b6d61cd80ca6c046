"""Tables, charts and explanations: pure functions from results to views."""
