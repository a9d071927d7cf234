# Espace client: each command sets up what it needs first; the second time that is instant.
# Choices from the command line: PORT=8001, PYTHON=/path/to/python3, ARGS="-k devis", DATABASE_URL=postgresql://...

.DEFAULT_GOAL := help
.PHONY: help setup demo serve worker test check check-coverage check-mutants bench lock clean

help:  ## cette aide
	@sed -n 's/^\([a-z-]*\):  *## /\1\t/p' Makefile | expand -t 16

demo:  ## le portail avec des données de démonstration, sur http://127.0.0.1:8000
	@scripts/demo

serve:  ## le portail tel quel, avec les variables de votre environnement
	@scripts/serve

worker:  ## les tâches de fond seules : mails, documents, rappels
	@scripts/worker $(ARGS)

test:  ## toute la suite de tests (ARGS="-k devis" pour une partie)
	@scripts/test $(ARGS)

check:  ## style, types, gabarits, imports, migrations, réglages de production
	@scripts/check

check-coverage:  ## après make test : tout ce qui touche aux droits, aux prix et aux documents a été parcouru
	@scripts/check-coverage

check-mutants:  ## des fautes plantées une à une, que la suite doit attraper (ARGS="revoked" pour certaines)
	@scripts/check-mutants $(ARGS)

bench:  ## les mesures de performance
	@scripts/setup dev
	@.venv/bin/python -m benchmarks $(ARGS)

setup:  ## l'environnement de développement, sans rien lancer
	@scripts/setup dev

lock:  ## les versions figées, d'après pyproject.toml (ARGS=--upgrade pour les dernières)
	@scripts/lock $(ARGS)

clean:  ## tout ce que ces commandes ont créé, données comprises
	@scripts/clean
