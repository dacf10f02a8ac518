//! Writes the few kinds of elements that pictures are made of.

use std::fmt::{self, Write};

use super::style::STYLE;
use super::text::xml;

/// An SVG on its way. Writing to a text does not fail, so nothing here does.
pub(super) struct Svg {
    out: String,
}

/// A number in pixels, with one decimal where it isn't whole.
pub(super) struct Px(pub(super) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero takes the sign off a zero.
        let tenths = (self.0 * 10.0).round() + 0.0;
        if tenths % 10.0 == 0.0 {
            write!(f, "{:.0}", tenths / 10.0)
        } else {
            write!(f, "{:.1}", tenths / 10.0)
        }
    }
}

impl Svg {
    /// Begins a picture that is drawn at `scale`.
    pub(super) fn new(size: (f64, f64), scale: f64, title: &str, description: &str) -> Svg {
        let (width, height) = size;
        let mut svg = Svg { out: String::new() };
        svg.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"vsmp\" role=\"img\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\">\n<title>{}</title>\n<desc>{}</desc>\n<style>{STYLE}</style>\n",
            Px(width * scale),
            Px(height * scale),
            Px(width),
            Px(height),
            xml(title),
            xml(description)
        ));
        svg.rect("page", (0.0, 0.0), size, 0.0);
        svg
    }

    pub(super) fn finish(mut self) -> String {
        self.out.push_str("</svg>\n");
        self.out
    }

    fn put(&mut self, what: fmt::Arguments<'_>) {
        let _ = self.out.write_fmt(what);
    }

    /// Begins a group with a tooltip.
    pub(super) fn open(&mut self, tooltip: &str) {
        self.put(format_args!("<g><title>{}</title>\n", xml(tooltip)));
    }

    pub(super) fn close(&mut self) {
        self.out.push_str("</g>\n");
    }

    pub(super) fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64), round: f64) {
        self.put(format_args!(
            "<rect class=\"vsmp-{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            Px(at.0),
            Px(at.1),
            Px(size.0),
            Px(size.1)
        ));
        if round > 0.0 {
            self.put(format_args!(" rx=\"{}\"", Px(round)));
        }
        self.out.push_str("/>\n");
    }

    /// A path; the points of `data` are written with [`Px`].
    pub(super) fn path(&mut self, class: &str, data: fmt::Arguments<'_>) {
        self.put(format_args!("<path class=\"vsmp-{class}\" d=\"{data}\"/>\n"));
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.path(class, format_args!("M{} {}L{} {}", Px(from.0), Px(from.1), Px(to.0), Px(to.1)));
    }

    /// A diamond around a point.
    pub(super) fn diamond(&mut self, class: &str, at: (f64, f64), half: f64) {
        let (x, y) = at;
        self.path(
            class,
            format_args!(
                "M{} {}L{} {}L{} {}L{} {}Z",
                Px(x - half),
                Px(y),
                Px(x),
                Px(y - half),
                Px(x + half),
                Px(y),
                Px(x),
                Px(y + half)
            ),
        );
    }

    /// A rectangle with slanted lines. They are drawn one by one, since a pattern would need an id, and that of another picture
    /// on the same page might be the same.
    pub(super) fn hatched(&mut self, at: (f64, f64), size: (f64, f64)) {
        let ((x, y), (width, height)) = (at, size);
        self.rect("wait", at, size, 0.0);
        let step = (width / 200.0).max(6.0);
        let mut lines = String::new();
        let mut from = step - height;
        while from < width {
            let (left, right) = (from.max(0.0), (from + height).min(width));
            let _ = write!(
                lines,
                "M{} {}L{} {}",
                Px(x + left),
                Px(y + height - (left - from)),
                Px(x + right),
                Px(y + height - (right - from))
            );
            from += step;
        }
        if !lines.is_empty() {
            self.path("hatch", format_args!("{lines}"));
        }
    }

    /// A text on its base line; `classes` are those of its look and of where its point is, separated by spaces.
    pub(super) fn text(&mut self, classes: &[&str], at: (f64, f64), text: &str) {
        self.out.push_str("<text");
        for (place, class) in classes.iter().enumerate() {
            self.put(format_args!("{}vsmp-{class}", if place == 0 { " class=\"" } else { " " }));
        }
        let end = if classes.is_empty() { "" } else { "\"" };
        self.put(format_args!("{end} x=\"{}\" y=\"{}\">{}</text>\n", Px(at.0), Px(at.1), xml(text)));
    }
}
