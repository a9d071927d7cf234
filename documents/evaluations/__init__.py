"""The participant's evaluation: asked for by a private link, answered once, summed for the client."""
