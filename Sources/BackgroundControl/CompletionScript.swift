// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Completion for shells, written from the tables of commands and options.
package enum CompletionScript {
    package enum Shell: String, CaseIterable, Sendable { case bash, zsh, fish }

    package static func text(_ shell: Shell) -> String {
        switch shell {
        case .bash: bash
        case .zsh: zsh
        case .fish: fish
        }
    }

    private static var commands: String { Command.allCases.map(\.rawValue).joined(separator: " ") }

    private static func words(_ command: Command) -> String {
        command.options.map { option in
            if case .required = option.value { option.name + "=" } else { option.name }
        }.joined(separator: " ")
    }

    private static func operands(_ command: Command) -> String {
        switch command.operand {
        case .none: ""
        case .task, .optionalTask: "$(backgroundctl list --names 2>/dev/null)"
        case .transfers:
            Invocation.TransferOrder.allCases.map(\.rawValue).joined(separator: " ")
                + " $(backgroundctl transfers --names 2>/dev/null)"
        case .optionalApp: "$(backgroundctl list --names 2>/dev/null | sed 's:/.*::' | sort -u)"
        case .shell: Shell.allCases.map(\.rawValue).joined(separator: " ")
        case .optionalCommand: commands
        }
    }

    private static var bash: String {
        let cases = Command.allCases.map { command in
            """
                \(command.rawValue))
                  words="\(operands(command))"
                  options="\(words(command))" ;;

            """
        }.joined()
        return """
            # bash completion of backgroundctl
            _backgroundctl() {
              local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= word words= options= position
              # Colons and equals signs are words of their own to bash: the whole of what is being typed counts.
              local line=${COMP_LINE:0:COMP_POINT}
              local typed=${line##*[[:space:]]}
              for ((position = 1; position < COMP_CWORD; position++)); do
                word=${COMP_WORDS[position]}
                case $word in
                  -*|=|auto|always|never) ;;
                  *) command=$word; break ;;
                esac
              done
              case $typed in
                --color=*) COMPREPLY=($(compgen -W "auto always never" -- "${typed#--color=}")); return ;;
              esac
              case $command in
                "") words="\(commands)"; options="--help --version" ;;
            \(cases)  esac
              if [[ $typed == -* ]]; then words=$options; fi
              # Not compgen -W: it expands its words, and identifiers come from anywhere.
              local -a list=()
              IFS=$' \\t\\n' read -r -d '' -a list <<< "$words"
              COMPREPLY=()
              for word in "${list[@]}"; do
                case $word in
                  *[!A-Za-z0-9._:/@=+-]*) ;;
                  "$typed"*) COMPREPLY+=("$word") ;;
                esac
              done
              [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
              # What stands before the last colon is there already.
              if [[ $typed == *:* && $COMP_WORDBREAKS == *:* ]]; then
                local prefix=${typed%"${typed##*:}"}
                COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
              fi
            }
            complete -F _backgroundctl backgroundctl

            """
    }

    private static var zsh: String {
        let list = Command.allCases.map { "    '\($0.rawValue):\(quoted($0.summary))'" }.joined(separator: "\n")
        let cases = Command.allCases.map { command in
            let options = command.options.map { option in
                switch option.value {
                case .none: "'\(option.name)[\(quoted(option.summary))]'"
                case .required(let value): "'\(option.name)=[\(quoted(option.summary))]:\(value):'"
                case .optional(let value): "'\(option.name)=-[\(quoted(option.summary))]::\(value):_files'"
                }
            }.joined(separator: " ")
            let operand: String
            switch command.operand {
            case .none: operand = ""
            case .task, .optionalTask: operand = " '1: :_backgroundctl_tasks'"
            case .transfers: operand = " '*: :_backgroundctl_transfers'"
            case .optionalApp: operand = " '1: :_backgroundctl_apps'"
            case .shell, .optionalCommand: operand = " '1: :(\(operands(command)))'"
            }
            return "    \(command.rawValue)) _arguments \(options)\(operand) ;;"
        }.joined(separator: "\n")
        return """
            #compdef backgroundctl
            # zsh completion of backgroundctl
            _backgroundctl_tasks() {
              local -a names
              names=(${(f)"$(backgroundctl list --names 2>/dev/null)"})
              compadd -a names
            }
            _backgroundctl_transfers() {
              local -a names
              names=(\(Invocation.TransferOrder.allCases.map(\.rawValue).joined(separator: " ")))
              names+=(${(f)"$(backgroundctl transfers --names 2>/dev/null)"})
              compadd -a names
            }
            _backgroundctl_apps() {
              local -a names
              names=(${(f)"$(backgroundctl list --names 2>/dev/null | sed 's:/.*::' | sort -u)"})
              compadd -a names
            }
            _backgroundctl() {
              local -a commands
              commands=(
            \(list)
              )
              if (( CURRENT == 2 )); then
                _describe 'command' commands
                return
              fi
              local command=$words[2]
              words=("${(@)words[2,-1]}")
              (( CURRENT -= 1 ))
              case $command in
            \(cases)
              esac
            }
            if [ "$funcstack[1]" = "_backgroundctl" ]; then
              _backgroundctl "$@"
            else
              compdef _backgroundctl backgroundctl
            fi

            """
    }

    private static var fish: String {
        let names = Command.allCases.map(\.rawValue).joined(separator: " ")
        var lines = [
            "# fish completion of backgroundctl", "complete -c backgroundctl -f",
        ]
        for command in Command.allCases {
            lines.append(
                "complete -c backgroundctl -n 'not __fish_seen_subcommand_from \(names)' -a \(command.rawValue) "
                    + "-d '\(quoted(command.summary))'")
            let seen = "-n '__fish_seen_subcommand_from \(command.rawValue)'"
            let operand = operands(command).replacing("$(", with: "(")
            if !operand.isEmpty { lines.append("complete -c backgroundctl \(seen) -a \"\(operand)\"") }
            for option in command.options {
                let takes = if case .required = option.value { " -x" } else { "" }
                lines.append(
                    "complete -c backgroundctl \(seen) -l \(option.rawValue)\(takes) -d '\(quoted(option.summary))'")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Inside single quotes of all three shells.
    private static func quoted(_ text: String) -> String { text.replacing("'", with: "’").replacing(":", with: ",") }
}
