"""From the user's call to the formula: binding, promotion, running, recording, in place."""
