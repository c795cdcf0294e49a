"""Which use of data a person speaks of, and which part of their file: words of all ten languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final


def _any_of(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})", re.IGNORECASE)


_PURPOSES: Final = {
    "newsletter": _any_of(
        r"news-?letters?|mailing[ -]?lists?|lettres? d.info(?:rmations?)?\b|infolettres?|listes? d.envois?\b|liste de diffusion|"
        r"bulletins?\b|bolet[ií]n|nieuwsbrie|uudiskir|рассылк|verteiler|mailings?\b"
    ),
    "marketing": _any_of(
        r"market|advert|ads?\b|promo|spam|commercial|offers?\b|pubs?\b|publicit|prospection|d[ée]march|offres?\b|"
        r"sales ?(?:people|persons?|reps?\b|representatives?|teams?|staff|agents?|m[ae]n\b|force)|telesales|vendeurs?\b|t[ée]l[ée]vendeurs?|"
        r"werb|angebot|publicid|ofertas?\b|pubblicit|offert|reclame|aanbieding|ligações com ofertas|reklaam|turundus|"
        r"pakkumis|реклам|предложени|reklam|ofert|"
        r"(?:call(?:ing)?|phone|dial(?:l?ing)?|sales|prospect\w*)[ -]lists?\b|cold[ -]call|sales calls?\b|telemarket|telesales|"
        r"t[ée]l[ée]prospect|phoning|listes? d.appels?\b|prospects?\b|commerciaux"
    ),
    "profiling": _any_of(
        r"profil(?:ing|age|ier|er\b)|perfil(?:ado|es|ación)|elaboraci[óo]n de perfiles|profilazione|"
        r"definição de perfis|profileri|profileer|профилир|profilow|tracking|track(?:ed)? me|pist(?:er|age)|tracer"
    ),
    "analytics": _any_of(r"analytics|analys|statisti|cookies?\b|анализ|analü|анал"),
    "push": _any_of(r"push|notifications?\b|notificacion|benachrichtigung|уведомл|powiadom|teavitus"),
    "sms": _any_of(r"sms\b|text messages?|texting|textos\b|смс"),
    "survey": _any_of(
        r"survey|sondage|enqu[êe]te|umfrage|encuesta|sondaggi|inqu[ée]rito|küsitlus|опрос|ankiet"
    ),
    "third_party_sharing": _any_of(
        r"sell|sold\b|shar(?:e|ing|ed)\b|third part|partners?\b|vend|revend|partag|tiers\b|partenaires|verkauf|"
        r"weiterg[ea]|dritte|terceros|compart|cedan|cesi[óo]n|terzi\b|condivi|derden|verkoop|partilh|terceiros|"
        r"müü|jaga|kolmanda|продав|передав|третьим|sprzeda|udost[ęe]pn"
    ),
    "automated_decision": _any_of(
        r"automat(?:ed|ic|ic decision|is[ée]e?|ique|isierte|izad|izzat)|algorith?m|"
        r"(?:machine|computer|robot|software|bot|ordinateur|logiciel|programme)s? "
        r"(?:(?:a|ont|m.a|has|have|had|just) )?(?:refus|reject|rejet|decid|d[ée]cid|declin|den[iy]|turn)|"
        r"(?:humain|human|person|someone|somebody|quelqu.un|personne)\b[^.;!?\n]{0,40}\b(?:decision|d[ée]cision|refusal|refus)\b|"
        r"geautomatiseer|automaatse|автоматическ|zautomatyz"
    ),
}
_UNSUBSCRIBE: Final = _any_of(
    r"unsub|opt[ -]?(?:me )?out|d[ée]sabonn|d[ée]sinscri|abmeld|abbestell|(?:darme|dar) de baja|desuscri|disiscri|uitschrij|schrijf mij uit|"
    r"afmeld|descadastr|отпис|wypis|get me off|take me off|remove me from (?:your|the|all) (?:mailing|list|marketing)|"
    r"(?:tak|remov|strik|drop|cross|delet)\w* my [^.;!?\n]{1,60}? (?:off|from) (?:your|this|the) (?:contact )?lists?\b(?! of)|"
    r"retirez-moi d|(?:retire[rz]?|enl[eè]ve[rz]?|raye[rz]?|radie[rz]?|sorte[rz]?|[oô]te[rz]?)[- ]moi (?:de |d.)(?:vos|votre|toutes|cette|la) (?:\w+ )?listes?|"
    r"stop pub|stop\s*$"
)
_TOPICS: Final = {
    "calls": _any_of(
        r"calls?\b|recordings?|phone conversation|appels?\b|enregistrement|anruf|llamada|chiamat|gesprek|chamada|kõne|звон|rozm[oó]w"
    ),
    "chats": _any_of(r"chats?\b|transcri|conversations?\b|tickets?\b|[ée]changes|échangés|vestlus|чат|czat"),
    "logs": _any_of(r"logs?\b|journaux|ip address|adresse ip|connexions?\b|protokoll|логи|журнал"),
    "recipients": _any_of(
        r"recipients?|who (?:have|did|has|got|received)|whom|shared? (?:my|with)|third part|partners?\b|destinataires?|[àa] qui|"
        r"partenaires|weitergegeben|empf[äa]nger|a qui[ée]n|a chi\b|met wie|a quem|kellele|кому|komu"
    ),
    "invoices": _any_of(r"invoices?|factures?|rechnung|facturas?|fattur|factuur|fatura|arve|счет|faktur"),
}
_EVERY_CONSENT: Final = _any_of(
    r"(?:all|every|any)(?: of)?(?: my| the)?(?: other)? consents?\b|consents? (?:i (?:have |ever )?g[ai]ven?|(?:to|for) everything)|"
    r"consent (?:to|for) (?:everything|all of it)\b|"
    r"tous (?:mes|les) consentements|tout (?:mon )?consentement|l.ensemble de mes consentements|consentements? (?:pour|à) tout\b|"
    r"alle (?:meine )?einwilligungen|todos (?:mis|los) consentimientos|tutti i (?:miei )?consensi|"
    r"al mijn toestemmingen|todos os (?:meus )?consentimentos|kõik (?:minu |oma )?nõusolekud|"
    r"все (?:мои |свои )?согласия|wszystkie (?:moje )?zgody"
)
_NOTHING_SAID: Final = re.compile(
    r"(?:\W|(?:i (?:do not|don.?t) know|no idea|not sure|je ne sais pas|aucune id[ée]e|h(?:ello|i|ey)|bonjour|salut|"
    r"yes|no|oui|non|ok(?:ay)?|thanks?(?: you)?|merci|please|s.il vous pla[îi]t|wait|attendez|hm+|yet|encore)\b){0,12}",
    re.IGNORECASE,
)
_CHANNELS: Final = frozenset({"sms", "push"})
_SENTENCES: Final = re.compile(r"[.;!?]\s|\n")
_NO_MARKETING: Final = frozenset({"newsletter", "marketing"})


def purposes_of(text: str) -> list[str]:
    """Give the purposes the text names, in a fixed order; `all_consents` where it names every consent and no purpose."""
    found = [name for name, pattern in _PURPOSES.items() if pattern.search(text)]
    return found or (["all_consents"] if _EVERY_CONSENT.search(text) else [])


def use_answered(text: str) -> dict[str, Any] | None:
    """Give what an answer says of the use to be ended, `something_else` where no word names it; None where it says nothing."""
    if _NOTHING_SAID.fullmatch(text.strip()):
        return None
    purposes = purposes_of(text)
    if is_marketing(text, purposes, bare=True):
        return {"marketing": True}
    return {"purpose": purposes[0] if len(purposes) == 1 else purposes or "something_else"}


def without_channels(text: str, purposes: Sequence[str]) -> list[str]:
    """Leave out the ways by which marketing comes, where it is named in every sentence that names them: *marketing text messages* are one use."""
    apart = [each for each in map(purposes_of, _SENTENCES.split(text)) if _NO_MARKETING.isdisjoint(each)]
    return [name for name in purposes if name not in _CHANNELS or any(name in each for each in apart)]


def topics_of(text: str) -> list[str]:
    """Give the parts of a file that an access request names, in a fixed order."""
    return [name for name, pattern in _TOPICS.items() if pattern.search(text)]


def is_marketing(text: str, purposes: list[str], *, bare: bool) -> bool:
    """Tell whether an objection or withdrawal is about marketing; a bare *unsubscribe me* is."""
    if _NO_MARKETING & set(purposes):
        return True
    return bool(_UNSUBSCRIBE.search(text)) and (bare or not purposes)
