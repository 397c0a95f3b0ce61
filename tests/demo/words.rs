//! A command as it stands on the screen, cut into words as a shell does it.

/// The words; double quotes keep spaces together.
pub(crate) fn of(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut is_quoted = false;
    for c in command.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.extend(taken(&mut word)),
            c => word.push(c),
        }
    }
    words.extend(taken(&mut word));
    words
}

fn taken(word: &mut String) -> Option<String> {
    (!word.is_empty()).then(|| std::mem::take(word))
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn quotes_keep_spaces_together_and_are_no_part_of_a_word() {
        assert_eq!(
            of(r#"preview  deals --where "stage=Contract Sent""#),
            ["preview", "deals", "--where", "stage=Contract Sent"]
        );
    }
}
