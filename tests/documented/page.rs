//! The commands of a page of the documentation.

/// A block of commands, for one shell.
pub struct Block {
    /// The number of its first line.
    pub line: usize,
    pub commands: Vec<String>,
}

/// The blocks of commands of a page: those that are fenced as `sh`, and those that are indented.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // The language, within a fence.
    let mut fence: Option<&str> = None;
    let (mut is_after_blank, mut is_indented) = (true, false);
    let mut lines: Vec<(usize, &str)> = Vec::new();
    let end = |lines: &mut Vec<(usize, &str)>, blocks: &mut Vec<Block>| {
        if let Some((line, _)) = lines.first() {
            let (line, text) = (*line, lines.iter().map(|(_, text)| *text));
            let commands = commands(text);
            blocks.push(Block { line, commands });
        }
        lines.clear();
    };
    for (number, line) in (1..).zip(page.lines()) {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            end(&mut lines, &mut blocks);
            fence = match fence {
                Some(_) => None,
                None => Some(language),
            };
            (is_after_blank, is_indented) = (false, false);
        } else if let Some(language) = fence {
            if language == "sh" {
                lines.push((number, line));
            }
        } else {
            let indented = line.strip_prefix("    ");
            is_indented = indented.is_some() && (is_indented || is_after_blank);
            match indented {
                Some(command) if is_indented => lines.push((number, command)),
                _ => end(&mut lines, &mut blocks),
            }
            is_after_blank = line.trim().is_empty();
        }
    }
    end(&mut lines, &mut blocks);
    blocks
}

/// The commands of a block, each with the lines that go on with it.
fn commands<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    // The line that ends the command, where it has several.
    let mut until: Option<String> = None;
    let mut goes_on = false;
    for line in lines {
        if goes_on && let Some(command) = commands.last_mut() {
            command.push('\n');
            command.push_str(line);
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            commands.push(line.to_owned());
        } else {
            continue;
        }
        if let Some(last) = &until {
            goes_on = line != last;
            if !goes_on {
                until = None;
            }
        } else if let Some((_, delimiter)) = line.split_once("<<'") {
            until = delimiter.split_once('\'').map(|(name, _)| name.to_owned());
            goes_on = true;
        } else if line.starts_with("for ") {
            until = Some("done".to_owned());
            goes_on = true;
        } else {
            goes_on = line.ends_with('\\') || line.ends_with('|');
        }
    }
    commands
}

/// The commands that a page names within its sentences, of a program.
pub fn named<'a>(page: &'a str, program: &'a str) -> impl Iterator<Item = &'a str> {
    let mut fenced = false;
    let outside = page.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    });
    outside
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(move |code| code.split(' ').next() == Some(program))
}
