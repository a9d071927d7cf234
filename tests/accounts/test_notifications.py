"""Which mails leave: all of them, until the person declines."""

from __future__ import annotations

from accounts.models import NotificationChoices
from accounts.notifications import NotificationKind, choose, declined_by, wants
from tests.worlds import make_user


def test_everybody_gets_every_kind_until_they_decline(db: None) -> None:
    lea, zoe = make_user("lea@armor.example"), make_user("zoe@armor.example")
    assert all(wants(lea, kind) and wants(lea.email, kind) for kind in NotificationKind)
    assert wants("inconnu@armor.example", NotificationKind.DOCUMENTS), "an address without an account gets them all"
    choose(user=lea, wanted=set(NotificationKind) - {NotificationKind.DOCUMENTS})
    assert not wants(lea, NotificationKind.DOCUMENTS)
    assert not wants("lea@armor.example", NotificationKind.DOCUMENTS)
    assert wants(lea, NotificationKind.ORDERS)
    assert wants(zoe, NotificationKind.DOCUMENTS)
    assert declined_by(lea) == {NotificationKind.DOCUMENTS}
    choose(user=lea, wanted=NotificationKind)
    assert wants(lea, NotificationKind.DOCUMENTS)


def test_a_kind_that_no_longer_exists_is_forgotten(db: None) -> None:
    lea = make_user("lea@armor.example")
    NotificationChoices.objects.create(user=lea, declined=["pigeons", "orders"])
    assert declined_by(lea) == {NotificationKind.ORDERS}
