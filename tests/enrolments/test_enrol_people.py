"""Naming who takes part: ticked, typed, pasted, or sent in a file, with a word for each line that can not be kept."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from catalogue.models import Session
from enrolments.models import DraftSeat, Participant
from tests.enrolments.enrolling import client, draft_of, post, session, start, text_of, user
from tests.enrolments.orders import colleagues
from tests.worlds import World

__all__ = ["client", "session", "user"]


def test_unticking_takes_somebody_out(world: World, session: Session, user: User, client: Client) -> None:
    post(client, session, world, known=[one.pk for one in colleagues(world.lille, 2)])
    first, second = draft_of(user).seats.order_by("pk")
    post(client, session, world, shown=[first.pk, second.pk], seat=[second.pk])
    assert list(draft_of(user).seats.all()) == [second]


def test_pasted_lines_are_kept_but_for_the_bad_ones(world: World, session: Session, user: User, client: Client) -> None:
    again = "roy\tANA\tana@armor.example"
    pasted = f"Nom\tPrénom\tEmail\nRoy\tAna\tana@armor.example\nSans\n\nDupont\tLéo\tpas-une-adresse\n{again}"
    answer = post(client, session, world, pasted=pasted)
    assert answer.status_code == 422
    page = text_of(answer)
    assert "3 lignes sont à corriger" in page
    assert "Ligne 3 « Sans » : Il faut un nom et un prénom." in page
    assert "Ligne 5 « Dupont Léo pas-une-adresse » : « pas-une-adresse » n’est pas une adresse email." in page.replace(
        "\t", " "
    )
    assert "Ligne 6" in page
    assert "Déjà nommé à la ligne 2." in page
    assert "Dupont\tLéo\tpas-une-adresse</textarea>" in page.replace(f"\n{again}", "")
    assert [str(seat) for seat in draft_of(user).seats.all()] == ["Ana Roy"]


def test_a_csv_of_five_thousand_lines_in_cp1252(world: World, session: Session, user: User, client: Client) -> None:
    lines = (
        ["Prénom;NOM;Service"]
        + [f"Zoé;Lefèvre {rank};Achats" for rank in range(4_998)]
        + [";Seul;x", "é" * 101 + ";Long;x"]
    )
    sent = SimpleUploadedFile("liste.csv", "\r\n".join(lines).encode("cp1252"))
    answer = post(client, session, world, roster=sent)
    assert answer.status_code == 422
    page = text_of(answer)
    assert "2 lignes sont à corriger" in page
    assert "Ligne 5000 «  Seul x » : Il faut un nom et un prénom." in page.replace("\t", " ")
    assert "Ligne 5001" in page
    assert "dépasse 100 caractères" in page
    assert "et 4898 autres personnes" in page
    assert draft_of(user).seats.count() == 4_998
    assert DraftSeat.objects.filter(last_name="Lefèvre 7", first_name="Zoé").count() == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"Produit;Quantit\xe9;Prix;Total\n1;2;3;4",
            "Colonnes attendues : nom, prénom, email. Colonnes trouvées : Produit, Quantité",
        ),
        (b"Prenom;Email\nAna;ana@armor.example", "Colonnes attendues"),
        (b"", "Ce fichier est vide"),
        (b"PK\x03\x04....", "Ce fichier est un classeur"),
        (b"\x81\x8d\xff", "pas un texte lisible"),
        (b'Nom;Pr\xe9nom\n"Roy;Ana' + b"x" * 200_000, "guillemet"),
        (b"a" * 2_000_001, "dépasse 2 Mo"),
    ],
)
def test_a_file_that_is_no_list(
    world: World, session: Session, user: User, client: Client, content: bytes, message: str
) -> None:
    sent = SimpleUploadedFile("liste.csv", content)
    answer = post(client, session, world, roster=sent, unnamed_seats="1")
    assert answer.status_code == 422
    assert message in text_of(answer)
    assert draft_of(user).unnamed_seats == 1, "the rest is kept"


def test_somebody_typed_badly_is_said_and_kept(world: World, session: Session, client: Client) -> None:
    answer = post(
        client, session, world, last_name="Roy", first_name="Ana", email="ana@", known=colleagues(world.lille, 1)[0].pk
    )
    assert answer.status_code == 422
    assert "n’est pas une adresse email" in text_of(answer)
    assert 'value="ana@"' in text_of(answer)
    assert "1 place retenue" in text_of(answer)
    assert "Il faut un nom et un prénom" in text_of(post(client, session, world, first_name="Ana"))


def test_nobody_at_all(world: World, session: Session, client: Client) -> None:
    assert "Nommez au moins une personne" in text_of(post(client, session, world))


def test_searching_a_colleague(world: World, session: Session, client: Client) -> None:
    two = colleagues(world.lille, 2)
    Participant.objects.filter(pk=two[1].pk).update(last_name="Lefèvre")
    url = reverse("enrol_colleagues", args=[session.pk])
    page = client.get(url, {"q": "lefevre", "known": [str(two[0].pk), "x", "9" * 30]}).text
    assert f'value="{two[0].pk}" checked' in page
    assert f'value="{two[1].pk}">' in page
    assert page.count('type="checkbox"') == 2
    assert "Aucun collègue connu" in text_of(client.get(url, {"q": "Introuvable"}))
    answer = post(client, session, world, action="search", q="lefevre", known=two[0].pk)
    assert answer.headers["Location"] == f"{start(session)}?q=lefevre#collegues"
    page = client.get(start(session), {"q": "lefevre"}).text
    assert f'value="{two[1].pk}">' in page
    assert f'name="known" value="{two[0].pk}"' not in page, "has a seat already"
