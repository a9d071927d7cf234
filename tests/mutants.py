"""Deliberate bugs, planted one at a time in a copy of the checkout: the suite must catch each (`make check-mutants`).

The tests named by a mutant must pass without it and fail with it, or this fails.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MATRIX = "tests/documents/test_matrix.py"
KEY, LINKED = (
    f"{MATRIX}::test_the_key_is_the_matrix",
    f"{MATRIX}::test_an_address_that_contains_another_opens_nothing_of_it",
)
BYTES = f"{MATRIX}::test_details_bytes_and_lists_say_the_same"
AMOUNTS = f"{MATRIX}::test_no_amount_anywhere_without_a_priced_type"
RIGHTS, DOCUMENTS, SERVICES = "accounts/models/user.py", "documents/models/document.py", "accounts/services.py"
SERVICE_TESTS = "tests/accounts/test_access_services.py"
ACCEPTING, INVITATIONS = "tests/accounts/test_accepting.py", "tests/accounts/test_invitations.py"


@dataclass(frozen=True)
class Mutant:
    """`before`, which is once in the file, becomes `after`; `tests` are those that should notice."""

    name: str
    path: str
    before: str
    after: str
    tests: tuple[str, ...]


MUTANTS = (
    Mutant("a type ignored", DOCUMENTS, "=establishment_id, type__in=sorted(types)) & ", "=establishment_id) & ",
           (KEY,)),
    Mutant("what was withheld ignored", DOCUMENTS, " & ~withheld]", "]", ("tests/documents/test_sharing.py",)),
    Mutant("what was shared goes anywhere", DOCUMENTS, "shared & unticked]", "shared]",
           ("tests/documents/test_sharing.py",)),
    Mutant("an establishment ignored", DOCUMENTS, "[Q(establishment_id=one) for one in administered]",
           "[Q(establishment_id__isnull=False) for one in administered]", (KEY,)),
    Mutant("an access that ended honoured", RIGHTS, "Access.objects.in_force(now).filter(user_id=",
           "Access.objects.filter(user_id=", (KEY,)),
    Mutant("an unverified address honoured", RIGHTS, '"email"), verified=True)', '"email"))', (KEY,)),
    Mutant("an address that contains another", DOCUMENTS, "else [Q(order_email=rights.email) & own]",
           "else [Q(order_email__icontains=rights.email) & own]", (LINKED,)),
    Mutant("an inactive account honoured", RIGHTS, "    if not active:\n        return Rights(as_read=as_read)\n", "",
           (SERVICE_TESTS,)),
    Mutant("the right not read again where bytes are served", "documents/serving.py",
           "Document.objects.visible_to(user).filter(pk=pk)", "Document.objects.filter(pk=pk)", (BYTES,)),
    Mutant("the right of the request served, not that of the instant", "documents/serving.py",
           "WHERE {{still}})", "WHERE {{still}} OR TRUE)",
           ("tests/documents/test_serving_race.py", "-k", "taken and untick")),
    Mutant("a ZIP cut by what one looks at", "documents/archives/streaming.py",
           "            user.rights = user.whole_rights", "            pass",
           ("tests/documents/test_archives.py", "-k", "looks_at")),
    Mutant("sessions kept once the address changed", "accounts/sessions.py", "        session.end()", "        pass",
           ("tests/accounts/test_accounts.py", "-k", "ends_other_sessions")),
    Mutant("prices for everybody", "accounts/rights.py", "return establishment_id in self.priced_establishments",
           "return True", (AMOUNTS,)),
    Mutant("the right not read again inside the lock", SERVICES, "User.objects.rights_of(actor.pk).administered",
           "actor.rights.administered", (SERVICE_TESTS,)),
    Mutant("no lock", SERVICES, "Establishment.objects.select_for_update(no_key=True).get(pk=establishment_id)",
           "Establishment.objects.get(pk=establishment_id)",
           ("tests/accounts/test_access_races.py", "-k", "leave_exactly_one and not without")),
    Mutant("one's own access within reach", "accounts/changing.py",
           "    if access.user_id == actor.pk:\n        raise OwnAccessError\n    return remove_access",
           "    return remove_access", ("tests/accounts/test_changing.py", "-k", "refuse_it_too")),
    Mutant("a delegate removes the last lasting administrator", SERVICES,
           "    if _own_end(actor, held.establishment_id) is None:\n", "    if True:\n",
           ("tests/accounts/test_delegations.py",)),
    Mutant("a revoked invitation accepted", "accounts/accepting.py", "if invitation.revoked_at is not None:",
           "if False:", (ACCEPTING,)),
    Mutant("an invitation of somebody who left accepted", "accounts/accepting.py",
           "if _still_meant(invitation) else Fate.DISAVOWED", "", (ACCEPTING,)),
    Mutant("an invitation bound to no address", "accounts/accepting.py",
           "if User.objects.rights_of(user.pk).email != invitation.email:", "if False:", (ACCEPTING,)),
    Mutant("an invitation that lowers an administrator", "accounts/accepting.py",
           "if held is not None and held.role == Role.ADMINISTRATOR:", "if False:", (ACCEPTING,)),
    Mutant("the token kept as it is", "accounts/invitations.py",
           "return hashlib.sha256(token.encode()).hexdigest()", "return token", (INVITATIONS,)),
    Mutant("another tenant's establishment in the form", "accounts/access_forms.py",
           "self._mine = Establishment.objects.manageable_by(user)", "self._mine = Establishment.objects.all()",
           (INVITATIONS,)),
    Mutant("exceptions revived by a demotion", "documents/migrations/0004_exceptions_follow.py",
           "WHEN (OLD.role <> NEW.role", "WHEN (false", ("tests/accounts/test_changing.py", "-k", "revived")),
    Mutant("two agreements to one quote", "documents/signing/services.py",
           "    list(Order.objects.select_for_update().filter(documents=document))\n", "",
           ("tests/documents/test_signing.py", "-k", "same_instant")),
    Mutant("two signed copies of one document", "documents/deposits/services.py",
           "    held = Order.objects.select_for_update().get(", "    held = Order.objects.get(",
           ("tests/documents/test_deposits.py", "-k", "same_instant")),
)  # fmt: skip


def copy_of_the_checkout(folder: Path) -> Path:
    """The files that git knows, with the checkout's own environment."""
    copy = folder / "checkout"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    (copy / ".venv").symlink_to((ROOT / ".venv").resolve())
    return copy


def passes(copy: Path, tests: tuple[str, ...]) -> bool:
    """Whether these tests pass in the copy; RuntimeError when they could not be run."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *tests]
    answer = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    if answer.returncode not in (0, 1):
        raise RuntimeError(answer.stdout[-2000:] + answer.stderr[-2000:])
    return answer.returncode == 0


def planted(mutant: Mutant, root: Path) -> str:
    """The file with the bug in it; ValueError when the code is no longer what the list says."""
    text = (root / mutant.path).read_text()
    if text.count(mutant.before) != 1:
        raise ValueError(f"{mutant.name}: « {mutant.before} » n’est pas une fois dans {mutant.path}")
    return text.replace(mutant.before, mutant.after)


def survives(copy: Path, mutant: Mutant) -> bool:
    """Plant the bug, run its tests, and take it out again."""
    path = copy / mutant.path
    text = path.read_text()
    path.write_text(planted(mutant, copy))
    try:
        return passes(copy, mutant.tests)
    finally:
        path.write_text(text)


def main(wanted: list[str]) -> int:
    """Plant all of them, or those whose names contain one of the words given; 1 when one survived."""
    chosen = [one for one in MUTANTS if not wanted or any(word in one.name for word in wanted)]
    survivors = []
    for mutant in chosen:
        planted(mutant, ROOT)
    with tempfile.TemporaryDirectory(prefix="espace-mutants-") as folder:
        copy = copy_of_the_checkout(Path(folder))
        for tests in sorted({one.tests for one in chosen}):
            if not passes(copy, tests):
                print(f"Sans aucune faute, ces tests échouent déjà : {' '.join(tests)}", flush=True)
                return 1
        for mutant in chosen:
            alive = survives(copy, mutant)
            print(f"{'SURVIT' if alive else 'attrapée'} : {mutant.name}", flush=True)
            survivors += [mutant.name] if alive else []
    print(f"{len(chosen) - len(survivors)} fautes attrapées sur {len(chosen)}.")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
