/// A number to be read: three significant digits or all whole ones, thousands apart.
///
/// ```
/// use chart::number;
///
/// assert_eq!(number(1234567.8), "1,234,568");
/// assert_eq!(number(0.012345), "0.0123");
/// assert_eq!(number(34.861), "34.9");
/// ```
pub fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return "0".to_owned();
    }
    if magnitude >= 999.5 {
        return thousands(value.round());
    }
    let decimals = (2 - magnitude.log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}
