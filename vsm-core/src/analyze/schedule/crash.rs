//! What a schedule would be if one activity took less time.

use std::cmp::Reverse;

use super::chains::Chains;
use super::change::Followers;
use super::dates::Dates;
use super::names::Names;
use super::network::Network;

/// What shortening one activity brings.
pub(super) struct Saving {
    pub(super) node: u32,
    pub(super) saves: i64,
    pub(super) at_most: i64,
}

/// How many activities are tried: each costs a pass over what depends on it.
const TRIED: usize = 200;

impl Network {
    /// What moves the finish, of one node or of everything, when it takes `by` less, the most first. Where there are several
    /// driving chains only what lies on all of them moves it; the longest activities are tried.
    pub(super) fn savings(
        &mut self,
        dates: &mut Dates,
        item: Option<u32>,
        chains: &Chains,
        by: i64,
        names: &impl Names,
    ) -> Vec<Saving> {
        let mut tried: Vec<u32> = (0..self.len())
            .filter(|n| chains.through(*n) > 0 && self.duration(*n) > 0 && !self.is_finished(*n))
            .collect();
        tried.sort_by_key(|number| (Reverse(self.duration(*number)), names.id(*number)));
        tried.truncate(TRIED);
        let followers = Followers::new(self);
        let mut savings = Vec::new();
        for node in tried {
            let whole = self.duration(node);
            let saves = self.saved(dates, &followers, item, node, (whole - by).max(0));
            let at_most = self.saved(dates, &followers, item, node, 0);
            if at_most > 0 {
                savings.push(Saving { node, saves, at_most });
            }
        }
        savings.sort_by_key(|s| (Reverse(s.saves), Reverse(s.at_most), names.id(s.node)));
        savings
    }

    /// How much earlier the finish is when one node takes another time. Dates are left as they were.
    fn saved(
        &mut self,
        dates: &mut Dates,
        followers: &Followers,
        item: Option<u32>,
        node: u32,
        duration: i64,
    ) -> i64 {
        let finish = |dates: &Dates| match item {
            Some(item) => dates.early_finish(item),
            None => dates.early_finishes().map(|(_, finish)| finish).max().unwrap_or(0),
        };
        let before = finish(dates);
        let own = self.duration(node);
        self.set_duration(node, duration);
        let mut saved = 0;
        if let Ok(then) = self.follow(dates, followers, &[node]) {
            saved = before - finish(dates);
            self.restore(dates, &then);
        }
        self.set_duration(node, own);
        saved
    }
}
