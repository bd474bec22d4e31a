/**
 * Completion scripts, made from the tables of commands and flags.
 */
import type { FlagSpec } from "@x/agent/flags";

/** A command as a shell is told of it. */
export interface CompletedCommand {
  readonly name: string;
  readonly synopsis: string;
  readonly flags: readonly FlagSpec[];
}

function flagWords(command: CompletedCommand): string {
  return command.flags
    .map((flag) => (flag.kind === "boolean" ? `-${flag.name}` : `-${flag.name}=`))
    .join(" ");
}

function choiceLines(
  command: CompletedCommand,
  line: (flag: FlagSpec, words: string) => string,
): string {
  return command.flags
    .filter((flag) => flag.choices !== undefined)
    .map((flag) => line(flag, (flag.choices ?? []).join(" ")))
    .join("");
}

/** For `source <(serf completion bash)`. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map((command) => command.name).join(" ");
  const cases = commands.map((command) => {
    const choices = choiceLines(
      command,
      (flag, words) =>
        `        -${flag.name}) COMPREPLY=($(compgen -W "${words}" -- "$value")); return ;;\n`,
    );
    const values = choices === "" ? "" : `      case "$flag" in\n${choices}      esac\n`;
    return `    ${command.name})\n${values}      words="${flagWords(command)}" ;;\n`;
  });
  return `_serf() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words="" flag="" value=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names}" -- "$word"))
    return
  fi
  # Bash splits -flag=value into three words.
  if [ "$word" = "=" ]; then
    flag="\${COMP_WORDS[COMP_CWORD-1]}"
  elif [ "\${COMP_WORDS[COMP_CWORD-1]}" = "=" ]; then
    flag="\${COMP_WORDS[COMP_CWORD-2]}" value="$word"
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("")}  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$word")); [[ "\${COMPREPLY[0]}" == *= ]] && compopt -o nospace ;;
    *) local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -F _serf serf
`;
}

function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, "\\$&");
}

/** For `source <(serf completion zsh)`. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(
    (command) => `    '${zshText(command.name)}:${zshText(command.synopsis)}'\n`,
  );
  const cases = commands.map((command) => {
    const flags = command.flags.map((flag) => {
      const values = flag.choices === undefined ? "" : `(${flag.choices.join(" ")})`;
      const tail = flag.kind === "boolean" ? "" : `:${flag.placeholder ?? "value"}:${values}`;
      const head = flag.kind === "boolean" ? `-${flag.name}` : `-${flag.name}=-`;
      const repeat = flag.kind === "list" ? "*" : "";
      return ` '${repeat}${head}[${zshText(flag.help)}]${tail}'`;
    });
    return `    ${command.name}) _arguments${flags.join("")} '*::file:_files' ;;\n`;
  });
  return `#compdef serf
_serf() {
  local -a commands
  commands=(
${names.join("")}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case "$words[1]" in
${cases.join("")}  esac
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _serf serf
`;
}

function fishText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
}

/** For `serf completion fish | source`. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = ["complete -c serf -f\n"];
  for (const command of commands) {
    const synopsis = fishText(command.synopsis);
    lines.push(`complete -c serf -n __fish_use_subcommand -a ${command.name} -d '${synopsis}'\n`);
    for (const flag of command.flags) {
      const value = flag.kind === "boolean" ? "" : " -r";
      const choices = flag.choices === undefined ? "" : ` -a '${flag.choices.join(" ")}'`;
      lines.push(
        `complete -c serf -n '__fish_seen_subcommand_from ${command.name}' -o ${flag.name}${value}${choices} -d '${fishText(flag.help)}'\n`,
      );
    }
  }
  return lines.join("");
}
