//! Change requests and incidents that texts name by their ids (`CHG0030001`, `INC0010001`).
//!
//! Only ids of known items count. Such a mention says that the two have to do with each other, not which of them waits
//! for the other: it is a `relates` link. That a change request is a gate of a release holds the release up, and is for
//! somebody to state.

use super::findings::Findings;
use super::texts::{Texts, words};
use super::{CorrelationRule, Index};
use crate::graph::Direction;
use crate::model::{Kind, LinkKind};
use crate::stream::ValueStream;

/// Where tickets are named.
const PLACES: &[&str] =
    &["ticket", "change_request", "change", "incident", "url", "title", "branch", "description"];

impl ValueStream {
    /// The gates and incidents by their ids.
    pub(super) fn tickets(&self) -> Index<'_> {
        let mut tickets = Index::default();
        for item in self.all() {
            if matches!(self.kind(item), Some(Kind::Gate | Kind::Incident)) {
                let ids = self.names_of(item).filter_map(|id| id.split_once(':').map(|(_, id)| id));
                for id in ids.filter(|id| is_ticket(id)) {
                    tickets.entry(id.into()).or_default().insert(item);
                }
            }
        }
        tickets
    }

    pub(super) fn link_tickets<'s>(
        &'s self,
        item: u32,
        texts: &Texts<'s>,
        tickets: &Index<'_>,
        findings: &mut Findings<'s>,
    ) {
        let kind = self.kind(item);
        let is_read = matches!(
            kind,
            Some(Kind::Change | Kind::Build | Kind::Deployment | Kind::Release | Kind::Incident)
        );
        if !is_read || tickets.is_empty() {
            return;
        }
        for said in texts.all(PLACES) {
            for word in words(said.text).filter(|word| is_ticket(word)) {
                let known = tickets.get(word);
                if let Some(items) = known.filter(|items| items.len() > 1) {
                    let meant = items.iter().map(|ticket| (item, LinkKind::Relates, *ticket));
                    findings.unsure(CorrelationRule::TicketId, meant);
                }
                let known = known.filter(|items| items.len() == 1);
                if let Some(ticket) = known.and_then(|items| items.first())
                    && !self.is_related(item, *ticket)
                {
                    let link = (item, LinkKind::Relates, *ticket);
                    findings.link(CorrelationRule::TicketId, link, &[said.event], word);
                }
            }
        }
    }

    /// Whether a tool says already how two items belong together, in either direction.
    fn is_related(&self, one: u32, other: u32) -> bool {
        [Direction::Outgoing, Direction::Incoming]
            .into_iter()
            .any(|direction| self.stated(one, direction).any(|(_, end)| end == other))
    }
}

/// Whether a word has the form of an id that people know tickets by: letters, then four digits or more.
fn is_ticket(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let letters = word.len() - digits.len();
    (2..=8).contains(&letters) && digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_ticket;

    #[test]
    fn tickets_are_letters_and_digits() {
        let found =
            ["CHG0030001", "INC0010001", "SHA256", "CHG", "chg0030001", "C0030001", "CHG003000x", "0030001"];
        assert_eq!(found.map(is_ticket), [true, true, false, false, false, false, false, false]);
    }
}
