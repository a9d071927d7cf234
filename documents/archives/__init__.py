"""Documents together: chosen, streamed as a ZIP, and followed while they leave."""
