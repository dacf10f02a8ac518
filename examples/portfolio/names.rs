//! Invented names. Every one of them follows from a number.

const APPLICATIONS: [(&str, &str); 35] = [
    // The first one is the mainframe, with the slow train.
    ("Ledger", "LED"),
    ("Payments", "PAY"),
    ("Cards", "CRD"),
    ("Mortgages", "MTG"),
    ("Savings", "SAV"),
    ("Online banking", "ONB"),
    ("Mobile", "MOB"),
    ("Branch desk", "BRD"),
    ("Call centre", "CAL"),
    ("Statements", "STM"),
    ("Standing orders", "STO"),
    ("Foreign exchange", "FXC"),
    ("Securities", "SEC"),
    ("Custody", "CUS"),
    ("Trading desk", "TRD"),
    ("Risk engine", "RSK"),
    ("Credit scoring", "CRS"),
    ("Loans", "LOA"),
    ("Leasing", "LEA"),
    ("Pensions", "PEN"),
    ("Insurance desk", "INS"),
    ("Client master", "CLM"),
    ("Onboarding", "ONR"),
    ("Identity", "IDN"),
    ("Consents", "CON"),
    ("Sanctions screening", "SAN"),
    ("Fraud watch", "FRW"),
    ("Tax reporting", "TAX"),
    ("Regulatory reporting", "REG"),
    ("Treasury", "TRE"),
    ("Cash machines", "CAM"),
    ("Merchant gateway", "MER"),
    ("Notifications", "NOT"),
    ("Document store", "DOC"),
    ("Data hub", "DAT"),
];
const FIRST: [&str; 24] = [
    "Ada", "Bruno", "Carla", "Dario", "Elif", "Fabian", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Lars",
    "Mira", "Nils", "Olga", "Paolo", "Rana", "Silvan", "Tessa", "Urs", "Vera", "Wanda", "Yusuf", "Zoe",
];
const LAST: [&str; 24] = [
    "Amsler", "Bianchi", "Conrad", "Dörig", "Ehrat", "Favre", "Gerber", "Hofer", "Imhof", "Jenni", "Keller",
    "Lanz", "Moser", "Näf", "Oehri", "Pfister", "Quadri", "Ritter", "Suter", "Tobler", "Utz", "Vogt", "Wyss",
    "Zemp",
];
const VERBS: [&str; 12] = [
    "Show", "Check", "Store", "Send", "Sort", "Print", "Filter", "Correct", "Explain", "Confirm", "Archive",
    "Count",
];
const OBJECTS: [&str; 16] = [
    "the balance",
    "the limits",
    "the fees",
    "open orders",
    "rejected bookings",
    "the address",
    "the contract",
    "the account number",
    "interest of the year",
    "the receipt",
    "the exchange rate",
    "documents",
    "the mandate",
    "the reference",
    "duplicates",
    "the booking text",
];
const PLACES: [&str; 13] = [
    "before a transfer",
    "for joint accounts",
    "for minors",
    "in the overview",
    "after a correction",
    "at the end of the day",
    "in every language",
    "for closed accounts",
    "in the archive",
    "on small screens",
    "during maintenance",
    "for business clients",
    "without a contract",
];

fn pick<'a>(list: &[&'a str], number: u64) -> &'a str {
    list.get((number % list.len() as u64) as usize).copied().unwrap_or_default()
}

/// Title and project key of an application; beyond the list with a number.
pub fn application(number: u32) -> (String, String) {
    let (title, key) = APPLICATIONS[number as usize % APPLICATIONS.len()];
    match number as usize / APPLICATIONS.len() {
        0 => (title.into(), key.into()),
        round => (format!("{title} {}", round + 1), format!("{key}{}", round + 1)),
    }
}

pub fn person(number: u32) -> String {
    let number = u64::from(number);
    format!("{} {}", pick(&FIRST, number), pick(&LAST, number / FIRST.len() as u64 + 5 * number))
}

pub fn work(number: u64) -> String {
    let (verbs, objects) = (VERBS.len() as u64, OBJECTS.len() as u64);
    // The lengths of verbs and places have no common factor, so that titles repeat late.
    format!(
        "{} {} {}",
        pick(&VERBS, number),
        pick(&OBJECTS, number / verbs),
        pick(&PLACES, number + number / objects)
    )
}
