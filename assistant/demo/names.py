"""Invented words of the sample company: names, places, and what people write to a hosting company."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A country whose clients are invented alike."""

    country: str
    language: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    streets: tuple[str, ...]
    towns: tuple[tuple[str, str], ...]  # postcode, town
    mail_domains: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


FRANCE = Region(
    "FR",
    "fr",
    _words(
        "Adèle, Benoît, Chloé, Damien, Élodie, François, Gaëlle, Hervé, Inès, Jérôme, Léa, Maël, Noémie, "
        "Océane, Raphaël, Séverine, Théo, Yaël"
    ),
    _words(
        "Aubry-Mestre, Béranger, Castelnaud, Delahaie, Évrardin, Fauconnet, Garandel, Hébrardin, Jolivert, "
        "L'Hermitte, Maréchalin, Noëllet, Péronneau, Quévrin, Roussigné, Séguinel, Thévenard, Vauzelle"
    ),
    _words(
        "rue des Lilas, avenue du Général-Ferrié, impasse de l'Étang, place de la Forêt, chemin des Crêtes, "
        "quai aux Sureaux"
    ),
    (
        ("75011", "Paris"),
        ("69003", "Lyon"),
        ("35000", "Rennes"),
        ("42000", "Saint-Étienne"),
        ("57000", "Metz"),
    ),
    _words("courriel.example, boite-lettres.example, fibre.example"),
)
ESTONIA = Region(
    "EE",
    "et",
    _words(
        "Aivar, Birgit, Epp, Hõbe, Jüri, Kärt, Külli, Maarja, Ülle, Õnne, Peeter, Priit, Tõnu, Urmas",
    ),
    _words(
        "Hallikmäe, Jõgevesi, Kõrvepalu, Lõhmusoo, Metsaäär, Ojakääru, Põldaru, Rändmaa, Sõnajalg, Tüvemets, "
        "Uibuvälja, Võsarand"
    ),
    _words("Pärna tänav, Mäe tee, Jõe põik, Sõpruse puiestee, Õunapuu tänav"),
    (("10117", "Tallinn"), ("51003", "Tartu"), ("80010", "Pärnu"), ("65608", "Võru")),
    _words("postkast.example, kiri.example"),
)
IRELAND = Region(
    "IE",
    "en",
    _words(
        "Aoife, Bernard, Caitríona, Deirdre, Eoin, Fergal, Gráinne, Harriet, Niamh, Oliver, Róisín, Seán, "
        "Tabitha, Walter"
    ),
    _words(
        "Ashbourne-Pike, Brackenridge, Corriganmore, Dunleavin, Eastwicke, Fennimore, Hartwell, Kilbraney, "
        "Lockhampton, Ní Dhálaigh, O'Tarrant, Penhallick"
    ),
    _words("Harbour Lane, St Brigid's Terrace, Mill Road, Orchard Close, The Crescent"),
    (("D02 X285", "Dublin"), ("T12 W8KP", "Cork"), ("H91 E2K3", "Galway")),
    _words("mailbox.example, post.example"),
)
REGIONS = (FRANCE, FRANCE, ESTONIA, IRELAND)  # half of the clients are French

EMPLOYERS = _words("atelier-bois.example, kodupagar.example, harbour-studio.example, cabinet-orme.example")


@dataclass(frozen=True, slots=True)
class Employee:
    """Someone who works at the sample company; a private address means that they are a client too."""

    name: str
    team: str
    private_email: str | None = None


ABUSE_DESK = "Solène Marchefer"
STAFF = (
    Employee("Agathe Rivoire", "support"),
    Employee("Rein Tammsoo", "support", "rein.tammsoo@postkast.example"),
    Employee("Philippa Dunmore", "billing", "philippa.dunmore@mailbox.example"),
    Employee(ABUSE_DESK, "abuse"),
    Employee("Kaspar Lehola", "network", "kaspar.lehola@kiri.example"),
)


@dataclass(frozen=True, slots=True)
class Product:
    """Something the sample company sells."""

    code: str
    kind: str
    name: str
    monthly_cents: int


PRODUCTS = (
    Product("WEB-S", "hosting", "Web hosting S", 390),
    Product("WEB-M", "hosting", "Web hosting M", 790),
    Product("VPS-2", "server", "Virtual server, 2 cores", 1290),
    Product("SRV-8", "server", "Dedicated server, 8 cores", 6490),
    Product("DOM", "domain", "Domain name", 110),
)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a client wrote, what staff answered, what came back."""

    subject: str
    asked: str
    answered: str
    closed: str


EXCHANGES = {
    "fr": (
        Exchange(
            "Site inaccessible depuis ce matin",
            "Bonjour, mon site affiche une erreur 502 depuis 8 h. Mon associée Mme Odile Varennes aussi.",
            "Bonjour, le service PHP a été relancé. Pouvez-vous vérifier ?",
            "Tout fonctionne, merci beaucoup.",
        ),
        Exchange(
            "Question sur ma facture",
            "Bonjour, pourquoi la dernière facture compte-t-elle deux mois d'hébergement ?",
            "Bonjour, le mois de décembre avait été reporté. Le détail figure en ligne 2.",
            "C'est clair, bonne journée.",
        ),
        Exchange(
            "Transfert de domaine",
            "Je souhaite transférer mon domaine chez vous, voici mon code. Appelez-moi après 18 h.",
            "Le transfert est lancé, comptez cinq jours.",
            "Parfait.",
        ),
    ),
    "et": (
        Exchange(
            "Server ei vasta",
            "Tere, minu virtuaalserver ei vasta alates eilsest. Kolleeg Heli Raudoja ütles sama.",
            "Tere, võrgukaart sai vahetatud ja server töötab.",
            "Aitäh, kõik korras.",
        ),
        Exchange(
            "Arve küsimus",
            "Tere, palun saatke viimane arve uuesti.",
            "Tere, arve on kliendialas alla laaditav.",
            "Leidsin üles, tänan.",
        ),
    ),
    "en": (
        Exchange(
            "Disk almost full",
            "Hello, the disk of my server is at 97 %. My brother Gerald Hollins keeps his photos there too.",
            "We added 20 GB for a week so that you can tidy up.",
            "Done, thank you.",
        ),
        Exchange(
            "Wrong name on the invoice",
            "Please put my company's name on the next invoice.",
            "Done: it takes effect from the next one.",
            "Great, thanks.",
        ),
    ),
}

ORDER_COMMENTS = (None, None, "Merci de livrer le serveur avant lundi.", "Please call before you start.")
CALL_NOTES = (
    "Asked how to renew the domain; explained the client area.",
    "Rappelé au sujet du paiement refusé, la banque avait bloqué la carte.",
    "Küsis varukoopia taastamise kohta; juhend saadetud.",
)
LETTERS = (
    ("Change of bank details", "Please debit the new account from next month on."),
    ("Résiliation d'une option", "Je souhaite résilier l'option de sauvegarde à la prochaine échéance."),
    ("Lepingu lõpetamine", "Palun lõpetage varundusteenus kuu lõpust."),
)
REMARKS = ("Quick and friendly.", "Réponse claire mais un peu lente.", "Väga rahul.", None)
SEARCHES = ("backup", "php 8.3", "certificat tls", "domeeni pikendamine", None, None, None, None)
PAGES = (
    "/",
    "/hebergement",
    "/serveurs",
    "/domaines",
    "/mon-compte",
    "/mon-compte/factures",
    "/aide",
    "/contact",
)
USER_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/139.0 Safari/537.36",
)
DEVICES = ("Firefox on Linux", "Safari on a phone", "Chrome on Windows")
