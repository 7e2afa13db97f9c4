/** Values in the source: at the ends of lines, and where the mouse points. */

import {
  EvaluatableExpression,
  type EvaluatableExpressionProvider,
  type InlineValue,
  type InlineValueContext,
  InlineValueEvaluatableExpression,
  type InlineValuesProvider,
  InlineValueVariableLookup,
  type Position,
  Range,
  type TextDocument,
} from "vscode";

import { maskSource } from "../rust/masked.ts";
import { findHovered } from "./hovered.ts";
import { findMentions } from "./inline.ts";

/** Shows the variables of the function that the program is in. */
export class InlineValues implements InlineValuesProvider {
  provideInlineValues(
    document: TextDocument,
    viewPort: Range,
    context: InlineValueContext,
  ): InlineValue[] {
    const masked = maskSource(document.getText()).split(/\r?\n/);
    return findMentions(masked, context.stoppedLocation.end.line)
      .filter(({ line }) => viewPort.start.line <= line && line <= viewPort.end.line)
      .map(({ line, start, end, text, isExpression }) => {
        const range = new Range(line, start, line, end);
        return isExpression
          ? new InlineValueEvaluatableExpression(range, text)
          : new InlineValueVariableLookup(range, text, true);
      });
  }
}

/** Finds the expression that the mouse points at. */
export class Hovers implements EvaluatableExpressionProvider {
  provideEvaluatableExpression(
    document: TextDocument,
    { line, character }: Position,
  ): EvaluatableExpression | undefined {
    // A comment may begin lines above.
    const masked = maskSource(document.getText()).split(/\r?\n/)[line] ?? "";
    const span = findHovered(masked, character);
    return span && new EvaluatableExpression(new Range(line, span.start, line, span.end));
  }
}
