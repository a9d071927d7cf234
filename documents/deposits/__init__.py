"""What clients hand in: read with care, scanned, turned into a PDF when it is a picture, filed as a document."""
