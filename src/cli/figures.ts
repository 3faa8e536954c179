// How numbers read, for the commands: one place for the terminal and the report.
export { bytes, count, magnitude, percent, seconds } from '../figures.js';
