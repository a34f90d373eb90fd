// Package project reads a whole project: everything that a settings file leads to.
//
// [Read] collects settings, connectors and recipes, and every finding about them
// with the text that it points into; it opens nothing. [Project.OpenAccounts] then
// makes the sessions that can reach the services, [Project.OpenStore] and its
// siblings open the state file, and [Project.EngineOptions] puts it all together.
// Whoever uses a project must look at its findings first: a project with errors is
// only good for looking at.
//
// What to print, and which exit code it means, is left to the commands.
package project
