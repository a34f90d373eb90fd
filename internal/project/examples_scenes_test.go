package project_test

import (
	"fmt"
	"time"
)

const sandboxUser = "sandboxUser000000001"

// contactScenes are those of the examples about contacts, most of which end in a newsletter.
func contactScenes() map[string]scene {
	subscribed := func(more map[string]any) func(s *sandboxed, ids map[string]string) string {
		return func(s *sandboxed, _ map[string]string) string {
			for _, sub := range s.world.Subscribers(s.at.ListID) {
				if sub.Email != "someone@example.com" {
					continue
				}
				if sub.Status != "subscribed" {
					return fmt.Sprintf("got the status %s, want subscribed", sub.Status)
				}
				fields := map[string]any{}
				for name, v := range sub.Fields {
					fields[name] = v
				}
				return unlike(fields, more)
			}
			return "there is no such subscriber"
		}
	}
	add := func(s *sandboxed, _ map[string]string) { person(s, map[string]any{"tags": []any{"news", "vip"}}) }
	known := func(s *sandboxed) map[string]string { return person(s, map[string]any{"tags": []any{"vip"}}) }
	return map[string]scene{
		"highlevel-contacts-to-stibee": {
			before: known, change: retagged("news"), writes: []string{"stibee.subscriber.add"},
			seen: subscribed(map[string]any{"name": "Some One"}),
		},
		"new-contacts-only": {change: add, writes: []string{"stibee.subscriber.add"}, seen: subscribed(nil)},
		"opted-in-contacts": {change: add, writes: []string{"stibee.subscriber.add"}, seen: subscribed(map[string]any{"name": "Some One"})},
		"tags-to-field": {
			before: known, change: retagged("news"), writes: []string{"stibee.subscriber.add"},
			seen: subscribed(map[string]any{"tags": "news, vip", "synced": "2000-01-01"}),
		},
		"notes-to-tasks": {
			before: known,
			change: func(s *sandboxed, ids map[string]string) {
				s.call("highlevel", "contact.note.create", plus(onContact(ids), map[string]any{"body": "Please call back."}))
			},
			writes: []string{"contact.task.create"},
			seen:   func(s *sandboxed, ids map[string]string) string { return s.task(ids, "Call back", nil) },
		},
		"new-lead-everywhere": {
			change: func(s *sandboxed, _ map[string]string) {
				lead := map[string]any{"firstName": "New", "phone": "+12025550101", "source": "form"}
				s.world.AddContact(lead)
				s.world.Location(s.world.LocationIDs()[1]).AddContact(lead)
			},
			runs:   2,
			writes: []string{"contact.tag.add", "contact.tag.add", "contact.task.create", "contact.task.create"},
			seen: func(s *sandboxed, _ map[string]string) string {
				other := s.world.Location(s.world.LocationIDs()[1])
				for _, id := range other.Contacts() {
					if fields, _ := other.Contact(id); fmt.Sprint(fields["tags"]) == "[lead]" {
						return ""
					}
				}
				return "the lead of the second location has no tag"
			},
		},
	}
}

// calendarScenes are those of appointments.
func calendarScenes() map[string]scene {
	calendar := map[string]string{"YOUR_CALENDAR_ID": calendarID}
	meet := func(s *sandboxed, ids map[string]string) string {
		return s.make("appointment.create", booking(s, plus(onContact(ids), map[string]any{"assignedUserId": sandboxUser, "appointmentStatus": "confirmed"})))
	}
	return map[string]scene{
		"appointment-booked": {
			ids:    calendar,
			before: func(s *sandboxed) map[string]string { return person(s, nil) },
			change: func(s *sandboxed, ids map[string]string) { meet(s, ids) },
			later:  48 * time.Hour,
			writes: []string{"contact.note.create", "contact.task.create", "message.send"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(
					s.noted(ids, "Booked: Tour, 2000-01-03 11:00"),
					s.task(ids, "Prepare: Tour", map[string]any{"assignedTo": sandboxUser}),
					s.among("message.export", nil, plus(onContact(ids), map[string]any{"body": "See you on 2000-01-03 11:00. Please call us if you cannot come."})),
				)
			},
		},
		"appointment-outcome": {
			ids: calendar,
			before: func(s *sandboxed) map[string]string {
				ids := person(s, nil)
				ids["appointment"] = meet(s, ids)
				return ids
			},
			change: func(s *sandboxed, ids map[string]string) {
				s.edit("appointment.update", "eventId", ids["appointment"], map[string]any{"appointmentStatus": "noshow"})
			},
			writes: []string{"contact.tag.add", "contact.task.create"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(s.has(ids, "no-show"), s.task(ids, "Offer another time", nil))
			},
		},
	}
}

// opportunityScenes are those of opportunities, and of what follows from a lost one.
func opportunityScenes() map[string]scene {
	deal := func(s *sandboxed) map[string]string {
		ids := person(s, nil)
		ids["opportunity"] = s.make("opportunity.create", plus(newOpportunity(s), onContact(ids)))
		return ids
	}
	ends := func(status string) func(s *sandboxed, ids map[string]string) {
		return func(s *sandboxed, ids map[string]string) {
			s.edit("opportunity.update_status", "opportunityId", ids["opportunity"], map[string]any{"status": status})
		}
	}
	return map[string]scene{
		"opportunity-won": {
			ids: map[string]string{"YOUR_USER_ID": sandboxUser}, before: deal, change: ends("won"),
			writes: []string{"contact.note.create", "contact.tag.add", "contact.task.create", "message.send"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(
					s.has(ids, "customer"), s.noted(ids, "Won: A party, worth 900"),
					s.task(ids, "Welcome the customer: A party", map[string]any{"assignedTo": sandboxUser}),
					s.among("message.export", map[string]any{"channel": "Email"}, onContact(ids)),
				)
			},
		},
		"opportunity-announced": {
			before: deal, change: ends("won"),
			seen: func(s *sandboxed, ids map[string]string) string {
				if all := s.receiver.all; len(all) != 1 || all[0].Path != "/hooks/sales" || all[0].Body.Type != "opportunity.won" || all[0].Body.Data["opportunity"] != ids["opportunity"] {
					return fmt.Sprintf("the own system got %+v", all)
				}
				return ""
			},
		},
		"plan-moves-opportunity": {
			ids:    map[string]string{"YOUR_PIPELINE_ID": pipelineID, "YOUR_SILVER_STAGE_ID": firstStage, "YOUR_GOLD_STAGE_ID": lastStage},
			before: deal,
			change: func(s *sandboxed, ids map[string]string) {
				s.edit("contact.update", "contactId", ids["contact"], map[string]any{"customFields": []any{map[string]any{"id": "sandboxFieldPlan0001", "field_value": "gold"}}})
			},
			writes: []string{"opportunity.update"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return s.shows("opportunity.get", map[string]any{"opportunityId": ids["opportunity"]}, map[string]any{"pipelineStageId": lastStage})
			},
		},
		"lost-starts-campaign": {
			before: func(s *sandboxed) map[string]string {
				ids := deal(s)
				ids["YOUR_CAMPAIGN_ID"] = s.keep("campaign", map[string]any{"name": "Come back", "status": "published"})
				return ids
			},
			change: ends("lost"), later: 30*24*time.Hour + time.Minute,
			writes: []string{"contact.campaign.add"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return s.told("highlevel.contact.campaign.add", ids["contact"])
			},
		},
		"tag-starts-workflow": {
			before: func(s *sandboxed) map[string]string {
				ids := person(s, nil)
				ids["YOUR_WORKFLOW_ID"] = s.keep("workflow", map[string]any{"name": "Trial", "status": "published"})
				return ids
			},
			change: retagged("trial"),
			writes: []string{"contact.tag.add", "contact.workflow.add"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(s.has(ids, "trial", "trial-started"), s.told("highlevel.contact.workflow.add", ids["contact"]))
			},
		},
	}
}

// told says whether the service has not carried out a write on something.
func (s *sandboxed) told(operation, target string) string {
	for _, w := range s.world.Writes(0) {
		if w.Operation == operation && w.Target == target {
			return ""
		}
	}
	return fmt.Sprintf("the service has not seen %s of %s", operation, target)
}

// messageScenes are those of what contacts write.
func messageScenes() map[string]scene {
	talk := func(s *sandboxed) map[string]string {
		ids := person(s, nil)
		made, _ := s.ask("POST", "/conversations/", map[string]any{"locationId": s.at.LocationID, "contactId": ids["contact"]})["conversation"].(map[string]any)
		ids["conversation"] = fmt.Sprint(made["id"])
		return ids
	}
	writes := func(text string) func(s *sandboxed, ids map[string]string) {
		return func(s *sandboxed, ids map[string]string) {
			s.ask("POST", "/conversations/messages/inbound", plus(onContact(ids), map[string]any{"type": "SMS", "conversationProviderId": "sandboxProvider00001", "conversationId": ids["conversation"], "message": text}))
		}
	}
	return map[string]scene{
		"message-finds-owner": {
			ids: map[string]string{"FIRST_USER_ID": sandboxUser, "SECOND_USER_ID": sandboxUser}, before: talk, change: writes("Are you open?"),
			writes: []string{"contact.task.create", "contact.update"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(
					s.shows("contact.get", onContact(ids), map[string]any{"assignedTo": sandboxUser}),
					s.task(ids, "Answer the new contact", map[string]any{"assignedTo": sandboxUser}),
				)
			},
		},
		"message-opts-out": {
			before: talk, change: writes("Stop "), writes: []string{"contact.note.create", "contact.update"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(s.shows("contact.get", onContact(ids), map[string]any{"dnd": true}), s.noted(ids, "Opted out by"))
			},
		},
	}
}

// peopleScenes are those of users and businesses.
func peopleScenes() map[string]scene {
	return map[string]scene{
		"user-welcome": {
			change: func(s *sandboxed, _ map[string]string) { s.make("user.create", newUser()) },
			writes: []string{"contact.tag.add", "contact.task.create", "contact.task.create", "contact.task.create", "contact.upsert"},
			seen: func(s *sandboxed, _ map[string]string) string {
				ids := map[string]string{"contact": idOf(s.call("highlevel", "contact.find", map[string]any{"email": newUser()["email"]}))}
				return first(s.has(ids, "team"), s.task(ids, "Read the handbook", nil), s.task(ids, "Talk with your team lead", nil))
			},
		},
		"business-to-contacts": {
			before: func(s *sandboxed) map[string]string {
				ids := person(s, nil)
				ids["business"] = s.make("business.create", newBusiness())
				_, err := s.try("highlevel", "contact.business.bulk_update", map[string]any{"ids": []any{ids["contact"]}, "businessId": ids["business"]})
				s.must(err)
				return ids
			},
			change: func(s *sandboxed, ids map[string]string) {
				s.edit("business.update", "businessId", ids["business"], map[string]any{"city": "Ulm", "website": "https://example.com"})
			},
			writes: []string{"contact.update"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return s.shows("contact.get", onContact(ids), map[string]any{"city": "Ulm", "website": "https://example.com"})
			},
		},
	}
}

// otherScenes are those of blogs, relations and sub-accounts.
func otherScenes() map[string]scene {
	return map[string]scene{
		"any-http-api": {
			before: func(s *sandboxed) map[string]string { return map[string]string{"YOUR_LOCATION_ID": s.at.LocationID} },
			change: func(s *sandboxed, ids map[string]string) {
				ids["contact"] = person(s, map[string]any{"source": "form"})["contact"]
			},
			writes: []string{"contact.note.create"},
			seen:   func(s *sandboxed, ids map[string]string) string { return s.noted(ids, "Welcome, Some! Came by form.") },
		},
		"blog-post-published": {
			before: func(s *sandboxed) map[string]string {
				ids := person(s, nil)
				ids["YOUR_CONTACT_ID"], ids["post"] = ids["contact"], post(s, "first-post")
				return ids
			},
			change: func(s *sandboxed, ids map[string]string) {
				s.call("highlevel", "blog.post.update", newPost("first-post", map[string]any{"postId": ids["post"], "status": "PUBLISHED"}))
			},
			writes: []string{"contact.note.create", "contact.task.create"},
			seen: func(s *sandboxed, ids map[string]string) string {
				return first(s.noted(ids, "Published: Hello"), s.task(ids, "Share the post: Hello", nil))
			},
		},
		"relation-to-tag": {
			before: func(s *sandboxed) map[string]string {
				ids := person(s, map[string]any{"tags": []any{"member"}})
				ids["YOUR_ASSOCIATION_ID"] = newAssociation(s)
				return ids
			},
			change: func(s *sandboxed, ids map[string]string) {
				s.call("highlevel", "relation.create", map[string]any{
					"associationId": ids["YOUR_ASSOCIATION_ID"], "firstRecordId": ids["contact"], "secondRecordId": "course1",
				})
			},
			writes: []string{"contact.tag.add"},
			seen:   func(s *sandboxed, ids map[string]string) string { return s.has(ids, "has-course") },
		},
		"new-sub-account": {
			ids: map[string]string{"YOUR_USER_ID": sandboxUser},
			change: func(s *sandboxed, _ map[string]string) {
				s.call("highlevel", "location.create", map[string]any{
					"name": "Second studio", "prospectInfo": map[string]any{"firstName": "Some", "lastName": "One", "email": "studio2@example.com"},
				})
			},
			writes: []string{"contact.tag.add", "contact.task.create", "contact.upsert"},
			seen: func(s *sandboxed, _ map[string]string) string {
				found := s.call("highlevel", "contact.find", map[string]any{"email": "studio2@example.com"})
				ids := map[string]string{"contact": idOf(found)}
				return first(
					unlike(found, map[string]any{"companyName": "Second studio"}), s.has(ids, "client"),
					s.task(ids, "Set up the sub-account Second studio", map[string]any{"assignedTo": sandboxUser}),
				)
			},
		},
	}
}
