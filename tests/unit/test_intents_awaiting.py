"""A mailbox that is lost is heard by how people say it; a mail that did not come is none such."""

from __future__ import annotations

import pytest

from intents.awaiting import lacks_mailbox, without_lost

LOST = (
    "j'ai plus acces a cette adresse camille@x.example",
    "je peux pas lire le code, la boite est morte",
    "j n ai plus acces a ma boite",
    "je n ai plus acces a cette boite mail",
    "cette boite est fermée",
    "ma boite a été piratée",
    "on m'a piraté ma boite mail",
    "je me suis fait pirater ma boite",
    "j'ai supprimé cette boite",
    "je lis plus cette boite",
    "je ne lis plus cette adresse",
    "l'adresse n'existe plus",
    "cette adresse existe plus",
    "adresse supprimée",
    "je ne reçois plus rien dessus",
    "je recois plus rien sur cette adresse",
    "j'ai changé de fournisseur",
    "j ai change de fournisseur",
    "j'ai changé d'adresse mail",
    "je n'y ai plus accès",
    "j'y ai plus accès",
    "j'ai perdu cette boite",
    "j'ai perdu le mot de passe de cette boite",
    "j'ai oublié mon mot de passe de messagerie",
    "j'ai quitté cette entreprise",
    "je travaille plus dans cette boite",
    "je n'y travaille plus",
    "je n'arrive plus à ouvrir ma messagerie",
    "impossible d'ouvrir ma boite mail",
    "can't get into that inbox any more",
    "i cant get into that inbox",
    "that mailbox is dead",
    "that inbox is closed",
    "my email got hacked",
    "that email was hacked",
    "i lost access to that email",
    "I no longer have that email",
    "I don't use that email anymore",
    "i dont have that address any more",
    "I left that job",
    "i don't work there anymore",
    "that address no longer exists",
    "I'm locked out of that account",
    "I changed provider",
    "the mailbox has been deleted",
    "I don't have access to that mailbox anymore, its my old job",
    "I lost that email",
    "je n’ai plus accès à cette boîte mail",
)
NOT_LOST = (
    "je n'ai pas reçu le code",
    "rien dans ma boite mail",
    "rien reçu dans ma boite",
    "je ne trouve pas votre mail",
    "I can't find your email",
    "I can't find the email in my inbox",
    "no email in my inbox",
    "I did not get the code",
    "the code is not in my mailbox",
    "i never got any mail",
    "12345678",
    "mon adresse est camille@x.example",
    "my address is camille@x.example",
    "vous n'avez pas la bonne adresse",
    "wrong address",
    "je n'ai pas de numéro client",
    "I don't have a client number",
    "I don't have an account number",
    "what email?",
    "quel mail ?",
    "c'est mon adresse mail",
    "I can't read the code in the email",
    "je n'ai pas votre mail",
    "I have not received your email yet",
    "did you send the mail?",
    "le mail n'est pas arrivé",
    "votre mail n'est pas arrivé",
    "the email has not arrived",
    "I don't have the email yet",
    "I do not see your email",
    "je ne vois pas votre mail dans ma boite",
    "je ne vois pas le mail",
)
OF_AN_ACCOUNT = (  # or of what is no mailbox of the writer's, in a message that nothing was asked before
    "I can't log in to my account, delete my data please",
    "please delete my account, I don't use it any more",
    "je n'arrive pas à me connecter à mon compte, supprimez le",
    "I can't open your emails, they are too big. stop sending them",
    "je ne lis pas vos mails, supprimez mon adresse mail",
    "Supprimez mon adresse mail de vos fichiers",
    "je n'utilise plus mon compte, supprimez mes données",
    "Please stop emailing me, I don't read your emails",
    "je ne reçois plus vos mails",
)


@pytest.mark.parametrize("words", LOST)
def test_a_lost_mailbox_is_heard_where_its_code_is_awaited(words: str) -> None:
    assert lacks_mailbox(words)


@pytest.mark.parametrize("words", NOT_LOST)
def test_a_mail_that_did_not_come_is_no_lost_mailbox(words: str) -> None:
    assert not lacks_mailbox(words)


@pytest.mark.parametrize("words", OF_AN_ACCOUNT)
def test_an_account_that_cannot_be_opened_is_no_lost_mailbox(words: str) -> None:
    assert not lacks_mailbox(words, awaited=False)


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("j'ai plus acces à a@x.example, ma nouvelle adresse est b@x.example", ["b@x.example"]),
        ("I lost my old mailbox, write to me at b@x.example", ["b@x.example"]),
        ("a@x.example but I no longer have access to that mailbox", []),
        ("my new mailbox b@x.example is dead", []),
    ],
)
def test_an_address_beside_it_is_read_where_its_writer_says_so(words: str, read: list[str]) -> None:
    named = [word.rstrip(",") for word in words.split() if "@" in word]
    assert without_lost(words, named) == read
