"""What others should be able to do is a question about the product: an end of marketing is carried out at once, and needs the writer's own wish."""

from __future__ import annotations

from itertools import product

import pytest

from intents import Reader

OTHERS = {
    "en": ("my readers", "our customers", "people", "every recipient", "the members of our club"),
    "fr": ("mes lecteurs", "nos clients", "les gens", "les destinataires", "les membres de notre club"),
}
MAY = {
    "en": (
        "{others} must be able to unsubscribe.",
        "For the law {others} should have a way to opt out at any moment.",
        "Does it let {others} unsubscribe with one click?",
        "Can {others} unsubscribe by themselves?",
        "What happens when {others} opt out?",
        "{others} would like to stop receiving the campaigns, where is that set?",
        "{others} want to unsubscribe from our newsletter.",
        "How can I allow {others} to unsubscribe?",
    ),
    "fr": (
        "{others} doivent pouvoir se désinscrire.",
        "D'après la loi, il faut que {others} puissent se désabonner à tout moment.",
        "Est-ce que cela permet à {others} de se désabonner en un clic ?",
        "Que se passe-t-il quand {others} se désinscrivent ?",
        "{others} voudraient ne plus recevoir les campagnes, comment configurer cela ?",
        "{others} veulent se désabonner de notre newsletter.",
        "Nous cherchons un module pour que {others} puissent se désinscrire.",
    ),
}
BEFORE = {
    "en": ("", "Which plug-in do you advise for mailing 500 contacts? ", "Hello, we send a monthly letter. "),
    "fr": ("", "Quel module conseillez-vous pour écrire à 500 contacts ? ", "Bonjour, nous envoyons une lettre chaque mois. "),
}  # fmt: skip
OWN = (
    "People must be able to unsubscribe. Please unsubscribe me from your newsletter.",
    "Our staff no longer want your newsletter, please stop sending it to us.",
    "My employees get your newsletter and want to unsubscribe. Please remove anna@shop.example from your list.",
    "Your customers should be able to opt out: take me off your mailing list.",
    "I must be able to unsubscribe, so take me off your list.",
    "Les gens doivent pouvoir se désabonner. Désabonnez-moi de votre newsletter.",
    "Nos salariés ne veulent plus recevoir vos publicités, arrêtez les envois.",
    "Je dois pouvoir me désabonner, retirez-moi de votre liste de diffusion.",
    "Mon mari veut se désabonner de votre newsletter",
    "My wife wants to unsubscribe from your newsletter",
)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load()


@pytest.mark.parametrize("language", MAY)
def test_what_others_should_be_able_to_do_ends_nothing(reader: Reader, language: str) -> None:
    grid = product(BEFORE[language], MAY[language], OTHERS[language])
    texts = [before + said.format(others=others) for before, said, others in grid]
    texts += [text[0].upper() + text[1:] for text in texts]
    assert [
        (text, found.rights) for text in texts if (found := reader.read(text)).decision == "request"
    ] == []


@pytest.mark.parametrize("text", OWN)
def test_ones_own_wish_beside_it_is_heard(reader: Reader, text: str) -> None:
    found = reader.read(text)
    assert (found.decision, set(found.rights), found.details.get("marketing")) == (
        "request",
        {"objection"},
        True,
    )
