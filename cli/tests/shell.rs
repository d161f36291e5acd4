//! What shells and `man` are told of the program.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use assert_cmd::Command;

fn printed(arguments: &[&str]) -> String {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("ses-guard"));
    let output = command.env_clear().args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn each_shell_gets_a_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&["completions", shell]);
        for word in ["ses-guard", "history", "evidence", "rollback", "phase"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        let knows_values = ["bash", "zsh", "fish"].contains(&shell);
        assert!(!knows_values || script.contains("PAUSED"), "{shell}");
    }
}

/// Bash itself reads the script, and completes by it.
#[test]
fn bash_completes_a_command_and_a_phase() {
    let script = printed(&["completions", "bash"]);
    let ask = "COMP_WORDS=($LINE); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); \
               _ses__guard ses-guard \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"; echo \"${COMPREPLY[*]}\"";
    for (line, completed) in [("ses-guard hist", "history"), ("ses-guard list --phase PAUSE", "PAUSED")] {
        let output = std::process::Command::new("bash")
            .args(["--noprofile", "--norc", "-c", &format!("{script}\n{ask}")])
            .env("LINE", line)
            .output();
        // Not every machine has a bash; this one's says what the script is worth.
        let Ok(output) = output else { return };
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), completed, "{line}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let first = printed(&["man"]);
    assert!(first.contains(".TH ses-guard 1") && first.contains("Examples:"), "{first}");
    let folder = std::env::temp_dir().join(format!("ses-guard-man-{}", std::process::id()));
    assert_eq!(printed(&["man", "--out", folder.to_str().unwrap()]), "");
    let pages: Vec<String> =
        std::fs::read_dir(&folder).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    for page in ["ses-guard.1", "ses-guard-resume.1", "ses-guard-policy-push.1", "ses-guard-evidence.1"] {
        assert!(pages.iter().any(|one| one == page), "{page}: {pages:?}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
