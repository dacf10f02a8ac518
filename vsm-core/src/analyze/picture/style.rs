//! How pictures look. Every class begins alike, since the style of an SVG holds for the whole page that it stands in.
//!
//! Colours are those of Okabe and Ito, "Color Universal Design" (2008), which the colour-blind tell apart; what is
//! critical is also darker and has a bold outline, for prints in black and white. There is a background, so that the
//! picture can be read on any page. Light comes first: renderers that know no media queries take it.

pub(super) const STYLE: &str = "\
.vsmp text{font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:12px;fill:#1f2328}\
.vsmp .vsmp-h{font-size:16px;font-weight:600}\
.vsmp .vsmp-m{font-size:11px;fill:#59636e}\
.vsmp .vsmp-b{font-weight:700}\
.vsmp .vsmp-c{text-anchor:middle}\
.vsmp .vsmp-e{text-anchor:end}\
.vsmp-page{fill:#fff}\
.vsmp-band{fill:#f3f5f7}\
.vsmp-grid{stroke:#e1e4e8;stroke-width:1;fill:none}\
.vsmp-rule{stroke:#9aa4af;stroke-width:1;fill:none}\
.vsmp-bar{fill:#b5d4ee;stroke:#0072b2;stroke-width:1}\
.vsmp-near{fill:#b5d4ee;stroke:#0072b2;stroke-width:2;stroke-dasharray:4 3}\
.vsmp-crit{fill:#d55e00;stroke:#5c2900;stroke-width:2.5}\
.vsmp-done{fill:#d0d5da;stroke:#8b949e;stroke-width:1}\
.vsmp-donecrit{fill:#d0d5da;stroke:#5c2900;stroke-width:2.5}\
.vsmp-span{fill:#3d444d}\
.vsmp-spancrit{fill:#5c2900}\
.vsmp-wait{fill:#fff;stroke:#3d444d;stroke-width:1}\
.vsmp-hatch{fill:none;stroke:#3d444d;stroke-width:1}\
.vsmp-float{fill:none;stroke:#3d444d;stroke-width:1.2}\
.vsmp-late{fill:none;stroke:#5c2900;stroke-width:2;stroke-dasharray:2 2}\
.vsmp-cut{fill:#3d444d}\
.vsmp-at{fill:none;stroke:#007a5e;stroke-width:1.5;stroke-dasharray:6 3}\
.vsmp .vsmp-att{font-size:11px;fill:#007a5e}\
.vsmp-chain{fill:none;stroke:#5c2900;stroke-width:1.2}\
.vsmp-arrow{fill:none;stroke:#8b949e;stroke-width:1.3}\
.vsmp-head{fill:#8b949e}\
.vsmp-arrowcrit{fill:none;stroke:#b34700;stroke-width:3}\
.vsmp-headcrit{fill:#b34700}\
.vsmp-box{fill:#f6f9fc;stroke:#0072b2;stroke-width:1}\
.vsmp-boxnear{fill:#f6f9fc;stroke:#0072b2;stroke-width:2;stroke-dasharray:5 3}\
.vsmp-boxcrit{fill:#fff1e5;stroke:#b34700;stroke-width:3}\
.vsmp-boxdone{fill:#e6e9ec;stroke:#8b949e;stroke-width:1}\
.vsmp-boxdonecrit{fill:#e6e9ec;stroke:#b34700;stroke-width:3}\
@media (prefers-color-scheme:dark){\
.vsmp text{fill:#e6edf3}\
.vsmp .vsmp-m{fill:#9da7b3}\
.vsmp-page{fill:#161b22}\
.vsmp-band{fill:#1d232b}\
.vsmp-grid{stroke:#30363d}\
.vsmp-rule{stroke:#6e7681}\
.vsmp-bar,.vsmp-near{fill:#1f4e79;stroke:#79b8ea}\
.vsmp-crit{fill:#ff8a3d;stroke:#ffd9bd}\
.vsmp-done{fill:#3d444d;stroke:#8b949e}\
.vsmp-donecrit{fill:#3d444d;stroke:#ffd9bd}\
.vsmp-span{fill:#c9d1d9}\
.vsmp-spancrit{fill:#ffd9bd}\
.vsmp-wait{fill:#161b22;stroke:#c9d1d9}\
.vsmp-hatch,.vsmp-float{stroke:#c9d1d9}\
.vsmp-late,.vsmp-chain{stroke:#ffd9bd}\
.vsmp-cut{fill:#c9d1d9}\
.vsmp-at{stroke:#3fd0a4}\
.vsmp .vsmp-att{fill:#3fd0a4}\
.vsmp-box,.vsmp-boxnear{fill:#1d2a38;stroke:#79b8ea}\
.vsmp-boxcrit{fill:#3a2415;stroke:#ff8a3d}\
.vsmp-boxdone{fill:#2a3038;stroke:#8b949e}\
.vsmp-boxdonecrit{fill:#2a3038;stroke:#ff8a3d}\
.vsmp-arrowcrit{stroke:#ff8a3d}\
.vsmp-headcrit{fill:#ff8a3d}\
}";
