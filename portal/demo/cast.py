"""The people of the demo; every address is at an example domain."""

from dataclasses import dataclass

PASSWORD = "walk-the-long-way"  # noqa: S105 - printed for everybody: the demo's, and no other's
MERCHANT = ("Northwind Outfitters", "northwind-outfitters")
OWNER = "owner@northwind.example"
COLLEAGUES = (
    ("manager", "manager@northwind.example", "Mia Sandberg"),
    ("finance", "finance@northwind.example", "Felix Brandt"),
    ("reviewer", "reviewer@northwind.example", "Rita Moreau"),
    ("analyst", "analyst@northwind.example", "Anton Novak"),
)
OWNER_NAME = "Olga Lindgren"

STAR = "Nora Hollis"  # the affiliate whose pages a visitor of the demo sees
DEBTOR, HELD, UNPAID, FIRST, FAILING = (
    "Kai Jansen",
    "Sparfuchs Deals",
    "Ivo Marini",
    "Ruth Adeyemi",
    "Pavel Dvorak",
)
OUTLIER, SUSPENDED, BANNED, LEAVER = "Hut to Hut", "Coupon Cave", "ClickRiver Media", "Greta Holm"
MOVED = "Marta Kowalska"  # has new payment details
HIDING, RETURNING = "Forum Bazaar", "Quick Pick Tests"  # see portal.demo.schemes


@dataclass(frozen=True, slots=True)
class Person:
    """An affiliate: recruited by `sponsor`, joined so many days ago; `quiet` ones sell only what the story says."""

    name: str
    site: str
    country: str
    sponsor: str = ""
    joined: int = 395
    payee: str = "bank"
    both: bool = False
    quiet: bool = False

    @property
    def email(self) -> str:
        """Its address; nobody's in the real world."""
        return f"hello@{self.site}"


# the first has the most visitors, the last the fewest
AFFILIATES = (
    Person("Peak Weekly", "peakweekly.example", "GB", both=True),
    Person("Gearkompass", "gearkompass.example", "DE"),
    Person(STAR, "norahollis.example", "IE", "Peak Weekly", 380, both=True),
    Person(HELD, "sparfuchs.example", "DE", payee="paypal", both=True),
    Person("Tom Okafor", "tomoutdoors.example", "GB", "Gearkompass", 372, "paypal"),
    Person("Trail & Tarn", "trailandtarn.example", "GB", both=True),
    Person("Hüttenglück", "huettenglueck.example", "AT", "Peak Weekly", 360),
    Person("Jonas Weber", "jonasweber.example", "DE", STAR, 330),
    Person("Slow Miles", "slowmiles.example", "NL", payee="paypal"),
    Person(MOVED, "martainthewild.example", "PL", "Gearkompass", 350, both=True),
    Person(OUTLIER, "huttohut.example", "AT"),
    Person("Nordlys Camping", "nordlys.example", "NO", STAR, 310),
    Person("Family Outside", "familyoutside.example", "GB", "Trail & Tarn", 340, "paypal", both=True),
    Person("Wanderlust Wien", "wanderlustwien.example", "AT", "Hüttenglück", 300),
    Person("Café Notes", "cafenotes.example", "FR", "Peak Weekly", 345, both=True),
    Person("Elif Aydin", "elifhikes.example", "TR", "Tom Okafor", 290, "paypal"),
    Person("The Gear Shelf", "gearshelf.example", "GB", "Trail & Tarn", 335),
    Person("Bergfieber", "bergfieber.example", "DE", "Hüttenglück", 280),
    Person("Lukas Steiner", "lukassteiner.example", "CH", "Gearkompass", 320, "paypal", both=True),
    Person("Hollow Oak", "hollowoak.example", "IE", STAR, 260),
    Person("Sofia Ricci", "sofiaricci.example", "IT", "Slow Miles", 315, "paypal"),
    Person("Two Tents", "twotents.example", "GB", "Family Outside", 250),
    Person("Mountain Mums", "mountainmums.example", "GB", "Family Outside", 230, "paypal", both=True),
    Person("Fjord & Fell", "fjordandfell.example", "NO", "Slow Miles", 240),
    Person("Kaffeeklatsch", "kaffeeklatsch.example", "DE", "Café Notes", 220, both=True),
    Person("Diego Fuentes", "diegofuentes.example", "ES", "Tom Okafor", 210, "paypal"),
    Person("Rucksackliebe", "rucksackliebe.example", "DE", MOVED, 200),
    Person("Pia Lorenz", "pialorenz.example", "DE", "Lukas Steiner", 190, both=True),
    Person("Bike & Bivvy", "bikeandbivvy.example", "GB", "The Gear Shelf", 170, "paypal"),
    Person("Amélie Roux", "amelieroux.example", "FR", "Café Notes", 150, both=True),
    Person("Old Maps Club", "oldmaps.example", "GB", "Trail & Tarn", 130, "paypal"),
    Person("Sven Dahl", "svendahl.example", "SE", OUTLIER, 110),
    Person(DEBTOR, "kaijansen.example", "NL", "Slow Miles", 300, quiet=True),
    Person(UNPAID, "ivomarini.example", "IT", OUTLIER, 160, "", quiet=True),
    Person(FIRST, "ruthadeyemi.example", "GB", "Tom Okafor", 120, "", quiet=True),
    Person(FAILING, "paveldvorak.example", "CZ", MOVED, 140, "", quiet=True),
    Person(SUSPENDED, "couponcave.example", "DE", HELD, 270, "paypal", quiet=True),
    Person(BANNED, "clickriver.example", "US", "", 200, "", quiet=True),
    Person(LEAVER, "gretaholm.example", "SE", "Hüttenglück", 260, quiet=True),
    Person("Yara Haddad", "yarahaddad.example", "FR", STAR, 60, "paypal"),
    Person(HIDING, "forumbazaar.example", "NL", "", 180, "paypal", quiet=True),
    Person(RETURNING, "quickpicktests.example", "DE", "", 175, quiet=True),
)

# who, to which shop, how many days ago, whom they name as recruiter, and what they wrote
APPLICATIONS = (
    (
        Person("Theo Lambert", "theolambert.example", "FR"),
        "northwind",
        9,
        "",
        (
            "I write about long-distance paths in the Alps, about 9,000 readers a month, most of them French. "
            "I wore your trail boots for 800 km last year and would like to say so with a link."
        ),
    ),
    (
        Person("Studio Kiesel", "studiokiesel.example", "DE"),
        "northwind",
        6,
        "Gearkompass",
        (
            "We make a podcast on family camping (42 episodes, 3,000 listeners each). A coupon to read out suits us "
            "better than a link."
        ),
    ),
    (
        Person("Dealvogel24", "dealvogel24.example", "DE"),
        "northwind",
        5,
        "",
        "Coupon portal, 1.2 million visitors monthly. Please send all codes.",
    ),
    (
        Person("Hannah Price", "hannahprice.example", "GB"),
        "northwind",
        3,
        STAR,
        (
            "Nora told me about the program. I guide winter walks in the Cairngorms, with a kit list that people ask "
            "for after every tour."
        ),
    ),
    (
        Person("Bean There", "beanthere.example", "GB"),
        "ember",
        4,
        "Café Notes",
        "Instagram account on home espresso, 18,000 followers. I would show the hand grinder first: I own it already.",
    ),
    (
        Person("Mateo Silva", "mateosilva.example", "PT"),
        "northwind",
        1,
        "",
        "Surf and camp van travel along the Portuguese coast, video channel with 26,000 subscribers.",
    ),
)
REFUSED = (
    Person("Gutscheinblitz", "gutscheinblitz.example", "DE"),
    "northwind",
    80,
    "",
    "We list coupons of 4,000 shops.",
)
APPLICANT = APPLICATIONS[0][0]
