"""The structured half of an invoice: Factur-X 1.0, profile EN 16931, made of the figures that are printed.

`invoice` writes the XML (CII), `checking` refuses one that the XSD or a schematron refuses, `embedding` makes the
PDF/A-3 that carries it. Loaded by what renders only: lxml, Saxon and qpdf have no business in the portal's processes.
"""
