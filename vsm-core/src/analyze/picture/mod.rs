//! Pictures of a schedule: Gantt chart and network, as SVG, Mermaid and DOT.
//!
//! `selection` decides what is drawn, `text` what may stand in a picture. The Gantt chart is `gantt` on an `axis`; the
//! network is `network` on the places that `layers` gives its boxes, which `ranks` orders from left to right. `svg` writes
//! elements, `style` says how they look.
//!
//! SVG is written by hand: it takes a few kinds of elements, and one function that makes texts harmless, which the parsers
//! of Mermaid and DOT need in their own way as well.

mod axis;
mod dot;
mod gantt;
mod layers;
mod mermaid;
mod network;
mod ranks;
mod selection;
mod style;
mod svg;
#[cfg(test)]
mod tests;
mod text;

use serde::{Deserialize, Serialize};

use super::CriticalPath;
use crate::error::{Error, Result};
use crate::text_enum::text_enum;
use crate::time::Zone;
use selection::Selection;

text_enum! {
    /// What a picture shows, and as what.
    ///
    /// A *Gantt chart* has a row for each activity, by early start, and time from left to right. A *network* has a box for
    /// each activity, and an arrow from each of its drivers.
    pub enum PictureForm {
        /// A Gantt chart as SVG.
        GanttSvg = "gantt_svg",
        /// A network as SVG.
        NetworkSvg = "network_svg",
        /// A Gantt chart in the language of Mermaid.
        GanttMermaid = "gantt_mermaid",
        /// A network as a flowchart in the language of Mermaid.
        NetworkMermaid = "network_mermaid",
        /// A network in DOT, the language of Graphviz.
        NetworkDot = "network_dot",
    }
}

/// How a picture is drawn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PictureOptions {
    /// IANA zone for days; absent = UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// What stands above the picture; absent = the name of the item, or "Schedule".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The width of an SVG in pixels, from 400 to 10,000; absent = 1,200 for a Gantt chart, and what it takes for a network,
    /// which is otherwise scaled. Mermaid and DOT have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// How many activities are drawn at most, from 1 to 1,000; absent = 500, and 200 in Mermaid, whose renderers refuse more
    /// than 500 arrows or 50,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

const WIDTHS: std::ops::RangeInclusive<u32> = 400..=10_000;
const MOST: u32 = 1_000;
const DRAWN: u32 = 500;
const DRAWN_BY_MERMAID: u32 = 200;

/// Draws a schedule.
///
/// Whatever the form, what is critical is marked by more than a colour: bold outlines, bold arrows, bold names. A Gantt
/// chart as SVG also shows total float as a thin line up to the late finish, or back to it where a demanded date can't be
/// kept, waiting for trains hatched, milestones as diamonds, what spans its parts as a bracket, and the status date. Mermaid has
/// no such things: there the waiting is a part of the bar, and float stands in the network only.
///
/// The arrows of a network are the drivers of the record, which decide its dates: what is waited for with time to spare is
/// not among them. What neither has nor is a driver stands apart.
///
/// Where there are more activities than may be drawn, the item itself is kept, then what is critical, then what has
/// the least float; of arrows there are twice as many at most, critical ones first. The picture says how many are left
/// out. Work that was finished long ago would leave no room for what is to come: a Gantt chart as SVG cuts off what lies
/// before the status date by more than half of what lies behind it, and marks the bars that it cuts.
///
/// SVG needs nothing from outside and runs nothing. It has colours for dark and light, and a title and a description for screen
/// readers. Texts are cut where there is no room, and are whole, up to 200 characters, in the tooltip. Control characters
/// and others that could pretend to be something else are replaced by `�`. The same record gives the same bytes.
///
/// With *n* activities in the record it takes O(*n* log *n*), and a small fixed number of passes over what is drawn.
///
/// # Errors
/// [`Error::UnknownZone`]; [`Error::Invalid`] for a width or a limit out of range. Any record can be drawn.
///
/// ```
/// use vsm_core::{NetworkQuery, PictureForm, PictureOptions, picture, schedule};
/// let query: NetworkQuery = serde_json::from_str(r#"{
///     "start": "2026-03-02T00:00:00Z",
///     "activities": [{"id": "a", "title": "Build it", "duration": 259200000}, {"id": "b", "duration": 86400000}],
///     "dependencies": [{"from": "a", "to": "b"}]
/// }"#).unwrap();
/// let path = schedule(&query)?;
/// let dot = picture(&path, PictureForm::NetworkDot, &PictureOptions::default())?;
/// assert!(dot.contains("n1 -> n2"));
/// let svg = picture(&path, PictureForm::GanttSvg, &PictureOptions::default())?;
/// assert!(svg.starts_with("<svg ") && svg.contains("Build it"));
/// # Ok::<(), vsm_core::Error>(())
/// ```
pub fn picture(path: &CriticalPath, form: PictureForm, options: &PictureOptions) -> Result<String> {
    let zone = options.zone.as_deref().map_or(Ok(Zone::UTC), Zone::named)?;
    if options.width.is_some_and(|width| !WIDTHS.contains(&width)) {
        return Err(Error::invalid("width", "must be from 400 to 10,000"));
    }
    if options.limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
        return Err(Error::invalid("limit", "must be from 1 to 1,000"));
    }
    let usual = match form {
        PictureForm::GanttMermaid | PictureForm::NetworkMermaid => DRAWN_BY_MERMAID,
        PictureForm::GanttSvg | PictureForm::NetworkSvg | PictureForm::NetworkDot => DRAWN,
    };
    let limit = options.limit.unwrap_or(usual) as usize;
    let drawn = Selection::new(path, options.title.as_deref(), zone, limit);
    Ok(match form {
        PictureForm::GanttSvg => gantt::svg(&drawn, options.width),
        PictureForm::NetworkSvg => network::svg(&drawn, options.width),
        PictureForm::GanttMermaid => mermaid::gantt(&drawn),
        PictureForm::NetworkMermaid => mermaid::network(&drawn),
        PictureForm::NetworkDot => dot::network(&drawn),
    })
}
