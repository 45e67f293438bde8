/// Text for HTML, XML or SVG, between elements or in attributes in double quotes.
///
/// ```
/// assert_eq!(chart::escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
/// ```
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
