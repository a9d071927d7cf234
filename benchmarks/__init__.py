"""What performance claims are made from: `make bench`. docs/performance.md says how to read the figures."""
