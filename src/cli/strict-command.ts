// A commander command whose complaints are OptionErrors in the one template, with the nearest name.
import { Command, type Option } from 'commander';
import { expectedMessage, nearest, OptionError, unknownMessage } from '../errors.js';

/** Thrown through commander; see `program.ts` for what becomes of it. */
export class StrictCommand extends Command {
  override createCommand(name?: string): StrictCommand {
    return new StrictCommand(name);
  }

  /** commander calls this on an option that the command does not have. */
  unknownOption(flag: string): never {
    const name = flag.split('=', 1)[0] ?? flag;
    const flags = this.createHelp().visibleOptions(this);
    const known = flags.flatMap((option) => (option.long === undefined ? [] : [option.long]));
    const near = nearest(name, known);
    const expected = `one of ${this.#path()} (see --help)`;
    const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
    throw new OptionError(`${expectedMessage('option', expected, name)}${hint}`, 'UNKNOWN_OPTION');
  }

  /** commander calls this on a command that does not exist. */
  unknownCommand(): never {
    const names = this.commands.map((command) => command.name());
    throw new OptionError(unknownMessage('command', this.args[0] ?? '', names), 'UNKNOWN_OPTION');
  }

  /** commander calls this where an argument is left out. */
  missingArgument(name: string): never {
    throw new OptionError(expectedMessage(name, `given to ${this.#path()}`, undefined));
  }

  /** commander calls this where an option's value is left out. */
  optionMissingArgument(option: Option): never {
    throw new OptionError(expectedMessage(flagOf(option), 'followed by a value', undefined));
  }

  /** commander calls this where a required option is left out. */
  missingMandatoryOptionValue(option: Option): never {
    throw new OptionError(expectedMessage(flagOf(option), `given to ${this.#path()}`, undefined));
  }

  /** commander calls this where there are more arguments than the command takes. */
  _excessArguments(given: readonly string[]): never {
    // A default subcommand gets the words of a misspelt one.
    const { parent } = this;
    const isDefault = parent instanceof StrictCommand && parent.args[0] !== this.name();
    if (isDefault) parent.unknownCommand();
    const most = this.registeredArguments.length;
    const expected = `at most ${most}, each in quotes if it has spaces`;
    throw new OptionError(expectedMessage('arguments', expected, given));
  }

  #path(): string {
    const parent = this.parent;
    return parent === null ? this.name() : `${parent.name()} ${this.name()}`;
  }
}

function flagOf(option: Option): string {
  return option.long ?? option.flags;
}
